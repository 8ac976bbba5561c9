# SPDX-License-Identifier: MIT
"""Threads whose titles and users are hard to write as YAML, and what PyYAML reads in thread.md.

    front_matter.py account          writes them as a data file for the sandbox, always the same
    front_matter.py check DATA MOUNTPOINT
"""

import datetime
import json
import random
import re
import sys

sys.dont_write_bytecode = True
from markdown import cmark_texts, plain  # noqa: E402

COUNT = 300

WORDS = [
    '"', "'", '""', "''", "\\", "\\n", "\\\\", ":", ": ", "a: b", "a:b", "#", " #", "a # b", "-", "- ",
    "- a", "---", "...", "--- ", "?", "? ", "? a", "!", "!!str a", "&a", "*a", "|", "| a", ">", ">-",
    "%", "%YAML 1.2", "@", "`", "[", "]", "{", "}", "[a]", "{a: b}", ",", "null", "~", "Null", "true",
    "no", "on", "y", "1", "0x1f", "1e3", ".inf", ".nan", "2026-07-01", "1:30", "=", "<<", "\t", "\ta",
    "\n", "a\nb", "\r", "\r\n", "\n\n", "\n---\n", "\nid: x", "\x00", "\x01", "\x07", "\x1b[2J",
    "\x7f", "\x80", "\x85", "\x9b", "\x9f", "\xa0", "\u2028", "\u2029", "\ufeff", "\ufffd", "\ufffe",
    "\uffff", "\u202e", "\u200b", "\ud7ff", "\ue000", "😀", "\U0010fffe", "\U0010ffff", "é日本語", "",
    " ", "  a  ", "a  b", "x" * 2000, "日" * 500, "a b " * 300, "\ud83d", "\ude00\ud83d", "${HOME}",
    "$(id)", "<b>", "*a*", "_a_", "# a", "a #", "##", "[a](b)", "&amp;", "\\#", "#\\",
]
STATUS = ["active", {"type": "locked", "reason": "why: \"because\"\n"}, {"type": "a: b"}, None, 5, {},
          {"type": "\u2028"}, {"type": "closed", "reason": "- ---\ufffe"}, {"reason": "\\"}]
CREATED = [1782864000, 1.5, 253402300799, 0, -1, None, "today", 1e18, 68169600]


def threads():
    rng = random.Random(20260701)
    titles = WORDS + [None, 5, ["a"]]
    while len(titles) < COUNT:
        titles.append("".join(rng.choice(WORDS) for _ in range(rng.randint(2, 6))))
    for number, title in enumerate(titles):
        yield {"id": f"cthr_{number}", "title": title, "user": titles[-1 - number],
               "status": rng.choice(STATUS), "created_at": rng.choice(CREATED)}


def text(value):
    """What a string of the server becomes where it has to be text; NULL, lone surrogates."""
    if not isinstance(value, str):
        return None
    return re.sub("[\ud800-\udfff]", "\ufffd", value).replace("\0", "\u2400")


def time(value):
    if not isinstance(value, (int, float)) or not 1 <= value < 253402300800:
        return None
    return datetime.datetime.fromtimestamp(int(value), datetime.timezone.utc)


def expected(thread):
    status = thread["status"]
    fields = status if isinstance(status, dict) else {"type": status}
    return [("id", thread["id"]), ("title", text(thread["title"])), ("user", text(thread["user"])),
            ("status", text(fields.get("type"))), ("reason", text(fields.get("reason"))),
            ("created", time(thread["created_at"]))]


def heading(thread):
    """The title on one line, its control characters as pictures; the id where it is blank."""
    title = text(thread["title"]) or ""
    if not title.strip(" \t\n\v\f\r"):
        title = thread["id"]
    line = re.sub("[\x01-\x08\x0b-\x1f]", lambda match: chr(0x2400 + ord(match[0])),
                  re.sub("\r?\n", " ", title))
    line = re.sub("[\u202a-\u202e\u2066-\u2069]", "\u2426", line)
    return re.sub("[\x80-\x9f]", "\ufffd", line.replace("\x7f", "\u2421"))


def read(mount, thread):
    with open(f"{mount}/{thread['id']}/thread.md", encoding="utf-8", newline="") as file:
        head, matter, rest = re.match(r"(---\n)(.*?\n)---\n\n(.*)\Z", file.read(), re.DOTALL).groups()
    assert re.fullmatch("# [^\n]*\n\n", rest), (thread, rest)
    return head + matter, rest


def check(data, mount):
    import yaml  # of Debian, which the python3 that comes first in PATH need not have
    with open(data, encoding="utf-8") as file:
        all_threads = [entry["thread"] for entry in json.load(file)]
    assert len(all_threads) == COUNT
    headings = []
    for thread in all_threads:
        matter, rest = read(mount, thread)
        fields = yaml.safe_load(matter)
        created = fields["created"]
        if created and created.tzinfo is None:  # PyYAML before 6
            fields["created"] = created.replace(tzinfo=datetime.timezone.utc)
        assert list(fields.items()) == expected(thread), (thread, matter, fields)
        headings.append(rest)
    # All headings as one document. What is no character of XML can't be read from cmark.
    shown = [(heading(thread), line) for thread, line in zip(all_threads, headings)
             if not re.search("[\ufffe\uffff]", line)]
    [document] = cmark_texts(["".join(line for _, line in shown)])
    assert len(document) == len(shown)
    for (wanted, line), node in zip(shown, document):
        kind = node[0], node[1], {one[0] for one in node[3]}
        assert kind == ("heading", {"level": "1"}, {"text"}), (line, node)
        assert plain(node).strip(" \t") == wanted.strip(" \t"), (wanted, line, node)
    print(len(all_threads))


if __name__ == "__main__":
    if sys.argv[1] == "account":
        json.dump([{"thread": thread} for thread in threads()], sys.stdout)
    else:
        check(*sys.argv[2:])

# SPDX-License-Identifier: MIT
"""What .json files and items.jsonl must hold, worked out from the server's bytes.

Nothing here decodes a value: a text is cut into its tokens, and these are laid out again. The
program compares all of a mount with a data file of the sandbox, byte for byte:

    json_oracle.py DATA MOUNTPOINT
"""

import os
import re
import sys

TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}:,]|[^][{}:,"\s]+', re.DOTALL)

def tokens(text):
    return TOKEN.findall(text)


def on_one_line(text):
    return b"".join(tokens(text)) + b"\n"


def as_json(text):
    """The bytes of a .json file."""
    lines, line, level, before = [], b"", 0, b""
    for token in tokens(text):
        closing = token in (b"}", b"]")
        level -= closing
        if before in (b"{", b"[", b",") and not (closing and before != b",") \
                or closing and before not in (b"{", b"["):
            lines.append(line)
            line = b"  " * level
        line += token + b" " * (token == b":")
        level += token in (b"{", b"[")
        before = token
    return b"\n".join(lines + [line]) + b"\n"


def as_line(text):
    """The item's line in items.jsonl. Line breaks can only be in strings, where JSON has none."""
    return on_one_line(text)[:-1].replace(b"\n", b"\\n").replace(b"\r", b"\\r") + b"\n"


def children(text):
    """The source of an array's elements, or of an object's keys and values in turn."""
    level, start, end = 0, None, None
    for match in TOKEN.finditer(text):
        token = match[0]
        level -= token in (b"}", b"]")
        if level == 1 and token in (b",", b":") or level == 0 and token in (b"}", b"]"):
            if start is not None:
                yield text[start:end]
            start = None
        elif level >= 1 and start is None:
            start = match.start()
        level += token in (b"{", b"[")
        end = match.end()


def members(text):
    parts = list(children(text))
    return list(zip(parts[::2], parts[1::2]))


def entries(data):
    """The sources of each thread of a data file, and of its items."""
    for entry in children(data) if data.lstrip()[:1] == b"[" else [data]:
        fields = dict(members(entry))
        yield fields[b'"thread"'], list(children(fields.get(b'"items"', b"[]")))


def expect(path, wanted):
    size = os.stat(path).st_size
    with open(path, "rb") as file:
        got = file.read()
    assert size == len(got), f"{path}: {size} bytes by its attributes, {len(got)} when read"
    if got == wanted:
        return
    at = len(os.path.commonprefix([got, wanted]))
    raise SystemExit(f"{path}: differs at byte {at}: {got[max(0, at - 40):at + 40]!r}, "
                     f"expected {wanted[max(0, at - 40):at + 40]!r}")


def is_text(path):
    """A .md is UTF-8 without control characters."""
    with open(path, "rb") as file:
        text = file.read().decode()
    bad = re.findall(r"[^\n\t -~\xa0-\U0010ffff]", text)
    assert not bad, (path, bad)


def items(folder):
    return sorted(name for name in os.listdir(folder) if re.match("[0-9]{4,}-.*[.]json$", name))


def settled(sources):
    """The items up to the last finished one: what comes after it can still change."""
    end = len(sources)
    while end and re.search(rb'"status"\s*:\s*"in_progress"', sources[end - 1]):
        end -= 1
    return sources[:end]


def compare_thread(folder, thread, sources):
    expect(f"{folder}/thread.json", as_json(thread))
    names = items(folder)
    assert [name[:4] for name in names] == [f"{i:04}" for i in range(1, len(sources) + 1)], names
    for name, source in zip(names, sources):
        expect(f"{folder}/{name}", as_json(source))
        is_text(f"{folder}/{name[:-4]}md")
    told = settled(sources)
    expect(f"{folder}/items.jsonl", b"".join(map(as_line, told)))
    with open(f"{folder}/items.jsonl", "rb") as file:
        assert file.read().count(b"\n") == len(told)


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    count = 0
    for thread, sources in entries(data):
        thread_id = dict(members(thread))[b'"id"'][1:-1].decode()
        compare_thread(f"{sys.argv[2]}/{thread_id}", thread, sources)
        count += 1 + len(sources)
    print(count)


if __name__ == "__main__":
    main()

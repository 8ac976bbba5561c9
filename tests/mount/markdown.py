# SPDX-License-Identifier: MIT
"""Conversations that are hard to put into Markdown, and what cmark reads in the files of a mount.

    markdown.py account            writes them as a data file for the sandbox, always the same
    markdown.py messages MOUNT     each message has the blocks that its author's text has alone
    markdown.py parts MOUNT        parts of one message, likewise
    markdown.py quotes MOUNT       quotations, likewise
    markdown.py code MOUNT         fences hold all of their payloads and nothing else
    markdown.py links MOUNT        names of things, and the targets of links, are read as they are

Texts that try to do harm are another matter:

    markdown.py strangers          writes conversations of them as a data file
    markdown.py rendered MOUNT     writes what tests/conformance/markdown.mjs compares
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import strangers

BEGIN = 1700000000  # the first item of each thread; the others come a second apart each
STRANGERS = (100, 100)  # conversations of texts that try to do harm, and items of each

# What a text can leave open, at the top and within lists and quotes.
OPEN = ["```", "```` info", "~~~", "~~~~~ a`b"]
AROUND = ["", "- ", "1. ", "- - ", "10) * ", "> ", "- > ", "> - ", "  - ", "-\t", "> > 1. "]


def open_blocks():
    """Each of them, at the top and within lists and quotes."""
    for around in AROUND:
        quote = re.sub(r"[^>\s]", " ", around)
        for first in OPEN:
            yield f"{around}{first}\n{quote}inside\n\n{quote}after an empty line"
    for first in OPEN:
        yield f"text\n\n{first}"
        yield f"a\r\n\r\n{first}\r\n  x\r\n"
        yield f"- a\n\n  {first}\n  b\n- c\n    - d\n      {first}\n      e"


ENDS = ["- a", "* a\n", "1. a\n\n", "- a\n  - b", "    code", "\tcode\n", "- ```\n  x", "> - a",
        "paragraph", "- a\n\n  b", "1) x", "-", "- a\nlazy", "# heading", "- # heading"]
BEGINNINGS = ["- b", "* b", "2. b", "7) b", "  indented", "    code", "\tcode", "text", "-", "1.",
              "# h", "---", "***", "> q", "```\nx", "  - b", "`<div>`", "+ b\n+ c"]


def parts():
    pairs = [[end, beginning] for end in ENDS for beginning in BEGINNINGS]
    return pairs + [["- a", "- b", "- c"], ["1. a", "    x", "2. b"], ["- a", "\n- b", " "]]


PAYLOADS = [
    "```", "plain", "````\n# not a heading\n```", "`" * 7, "a\n\n```\n\nb", "~~~", "    indented",
    "", " ", "\n\n", "ends with a line break\n", "- list", "<!-- ", '"a string"', "7", "{}", "[]",
    '{"a":"```"}', '{"a":"\\n```\\n", "b":[1,{"c":"````"}]}', r'{"a":"\u0060\u0060\u0060"}',
    '["```````````````````"]', '{"a":', "{'a': 1}", "[" * 40 + "]" * 40, '{"a":"<!--","b":"- x"}',
]

NAMES = [
    "report.pdf", "report[1].pdf", "a]b", "]x[", "[a](b)", "[a](<b>)", "[[x]]", "![x](y)", "[x]: y",
    "[x][y]", "[^1]", "[ ] todo", "!", "a!", "a`b`c", "`", "``", "a ` b ` c", "`]`", "<b>",
    "<http://example.com>", "<!-- c -->", "http://example.com/", "&copy;", "&#35;", "&amp;", "&",
    "AT&T", "*a*", "**a**", "a*b*c", "_a_", "__a__", "a_b_c", "é_b_é", "_é", "\\", "a\\", "\\]",
    "a\\b", "\\\\", "1. a", "1) a", "1.", "- a", "-", "+ a", "* a", "# a", "#", "a #", "> a", "~~~",
    "=", "===", "---", "***", "___", "a\nb", "a\n\nb", "a\n- b", "- a\n- b", " a", "    a", "\ta",
    "a  ", "  - a", " # a", "  1. a", "(x)", "x)y(", '"q"', "'q'", "a|b", "| a | b |", "~~a~~", "$a$",
    "100 %", "日本語_テスト", "😀", "a\u00a0b", "x" * 300, "<script>alert(1)</script>", "a\\\nb",
]

URLS = [
    "https://example.com/", "https://example.com/a b", "https://example.com/(x)",
    "https://example.com/)(", "https://example.com/((", "https://example.com/<x>", "<>",
    "https://example.com/a\nb", "https://example.com/`x`", 'https://example.com/"q"',
    "https://example.com/a 'title'", "https://example.com/\\", "https://example.com/\\)",
    "https://example.com/é日😀", "https://example.com/%20", "https://example.com/?a=1&b=2",
    "https://example.com/?a=1&copy=2", "https://example.com/?a=1&lt;b", "https://example.com/&#35;",
    "https://example.com/&amp;", "https://example.com/*a*_b_", "https://example.com/[x]",
    "https://example.com/]", "https://example.com/\t", "#top", "javascript:alert(1)", " ", "\n",
    "https://example.com/\u00a0\u2028", "https://example.com/" + "x" * 300, '" onclick="x', "a)b",
]


def links():
    """Pairs of a name and a URL or None; as many as it takes to have each of either."""
    yield from ((name, None) for name in NAMES)
    yield from ((name, "https://example.com/") for name in NAMES)
    yield from (("name", url) for url in URLS)
    yield from zip(NAMES, URLS)


def item(number, kind, **members):
    return {"id": f"cthi_{number}", "type": kind, "created_at": BEGIN + number, **members}


def thread(name, items):
    return {"thread": {"id": f"cthr_{name}", "created_at": BEGIN, "title": name},
            "items": [item(number, kind, **members)
                      for number, (kind, members) in enumerate(items)]}


def text_of(*texts):
    return {"content": [{"type": "input_text", "text": text} for text in texts]}


def attachment(name, url):
    return {"type": "file", "id": "cfile_1", "name": name, "preview_url": url,
            "mime_type": "text/plain"}


def annotation(name, url):
    return {"type": "url", "source": {"type": "url", "title": name, "url": url}}


def widget(text):
    return {"type": "Card", "children": [
        {"type": "Text", "value": text}, {"type": "Markdown", "value": text},
        {"type": "Button", "label": text}, {"type": "Image", "src": text, "alt": text}]}


# What can hold a text, most often a message.
HOLDERS = [
    *[lambda text: ("user_message", text_of(text))] * 12,
    lambda text: ("user_message", text_of(*text.split("\n", 1))),
    lambda text: ("user_message", {"content": [{"type": "quoted_text", "text": text}]}),
    lambda text: ("user_message", {"content": [], "attachments": [attachment(text, text)],
                                   "inference_options": {"model": text}}),
    lambda text: ("assistant_message", {"content": [{"type": "output_text", "text": text,
                                                     "annotations": [annotation(text, text)]}]}),
    lambda text: ("client_tool_call", {"name": text, "arguments": json.dumps([text]),
                                       "output": text}),
    lambda text: ("task", {"heading": text, "summary": text}),
    lambda text: ("widget", {"widget": json.dumps(widget(text))}),
    lambda text: ("hologram", {"caption": text}),
]


def account_of_strangers():
    threads, count = STRANGERS
    texts = strangers.texts(threads * count)
    for number in range(threads):
        own = texts[number * count:(number + 1) * count]
        items = [HOLDERS[(number + at) % len(HOLDERS)](text) for at, text in enumerate(own)]
        one = thread(f"{number:03}", items)
        one["thread"].update(title=own[number % count], user=own[-1 - number % count][:500])
        yield one


def account():
    source = [{"type": "output_text", "text": "t", "annotations": [
        annotation("first", "https://example.com/"), annotation("second", None)]}]
    yield thread("messages", [("user_message", text_of(text)) for text in open_blocks()])
    yield thread("parts", [("user_message", text_of(*texts)) for texts in parts()])
    yield thread("quotes", [
        ("user_message", {"content": [{"type": "quoted_text", "text": text},
                                      {"type": "input_text", "text": "after"}]})
        for text in open_blocks()])
    yield thread("sources", [("assistant_message", {"content": source + text_of(text)["content"]})
                             for text in BEGINNINGS])
    yield thread("code", [("client_tool_call", {"name": "run", "arguments": payload,
                                                "output": payload}) for payload in PAYLOADS]
                 + [("widget", {"widget": payload}) for payload in PAYLOADS])
    yield thread("links", [
        ("user_message", {"content": [], "attachments": [attachment(*link) for link in links()]}),
        ("assistant_message", {"content": [{"type": "output_text", "text": "t", "annotations": [
            annotation(*link) for link in links()]}]}),
        ("task_group", {"tasks": [{"heading": name} for name in NAMES]}),
        ("widget", {"widget": json.dumps({"type": "Card", "children": [
            {"type": "Text", "value": name} for name in NAMES if "\n" not in name]})})])


# --- What cmark reads ------------------------------------------------------------------------

def cmark(paths):
    """The documents, each as a list of its blocks."""
    return [list(map(block, ElementTree.fromstring(text))) for text in run_cmark("xml", paths)]


def run_cmark(output, paths):
    """What cmark writes for each. One shell for all: starting it takes longer than what cmark
    does."""
    loop = (f'while IFS= read -r path; do cmark --unsafe -t {output} "$path" || exit; '
            'printf "\\0"; done')
    written = subprocess.run(["sh", "-c", loop], input="\n".join(paths) + "\n", check=True,
                             stdout=subprocess.PIPE, encoding="utf-8").stdout.split("\0")
    assert len(written) == len(paths) + 1
    return written[:-1]


def rendered(mount):
    """Of each conversation what is to be compared, by the HTML that cmark makes of it."""
    for name in sorted(os.listdir(mount)):
        folder = f"{mount}/{name}"
        paths = [f"{folder}/thread.md"] + [f"{folder}/{file}" for file in sorted(os.listdir(folder))
                                           if re.match("[0-9]+-.*[.]md$", file)]
        texts = []
        for path in paths:
            with open(path, encoding="utf-8", newline="") as file:
                texts.append(file.read())
        headings = [text.partition("\n")[0].removeprefix("## ") for text in texts[1:]]
        yield {"name": name, "markdown": texts, "headings": headings,
               "cmark": run_cmark("html", paths)}


def cmark_texts(texts):
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}" for number in range(len(texts))]
        for path, text in zip(paths, texts):
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        return cmark(paths)


def block(element):
    """(kind, attributes, text of a leaf, what it holds)"""
    kind = element.tag.rpartition("}")[2]
    attributes = {name.rpartition("}")[2]: value for name, value in element.items()}
    attributes.pop("space", None)
    inner = [block(child) for child in element]
    return kind, attributes, "" if inner else element.text or "", inner


def plain(node):
    kind, _, text, inner = node
    return "\n" if kind in ("softbreak", "linebreak") else text + "".join(map(plain, inner))


def kinds(node):
    yield node[0]
    for child in node[3]:
        yield from kinds(child)


def item_paths(mount, name):
    folder = f"{mount}/cthr_{name}"
    return sorted(f"{folder}/{file}" for file in os.listdir(folder)
                  if re.match("[0-9]+-.*[.]md$", file))


def items_of(mount, name):
    """The blocks of each item below its heading, read in its own .md and in thread.md."""
    paths = item_paths(mount, name)
    *documents, whole = cmark(paths + [f"{mount}/cthr_{name}/thread.md"])
    sections, headings = [], [document[0] for document in documents]
    for one in whole:
        if len(sections) < len(headings) and one == headings[len(sections)]:
            sections.append([])
        elif sections:
            sections[-1].append(one)
    texts = [plain(heading) for heading in headings]
    assert all(heading[0] == "heading" for heading in headings) and len(set(texts)) == len(texts)
    return paths, [document[1:] for document in documents], sections


SEPARATOR = ("html_block", {}, "<!-- -->\n", [])


class Failures:
    def __init__(self):
        self.count = self.checked = 0

    def check(self, good, *what):
        self.checked += 1
        if good:
            return
        self.count += 1
        if self.count <= 12:
            print(*map(repr, what), sep="\n  ", file=sys.stderr)

    def end(self):
        print(self.checked)
        if self.count:
            raise SystemExit(f"{self.count} of {self.checked} are not as expected")


def check_messages(mount, failures):
    texts = list(open_blocks())
    paths, alone, together = items_of(mount, "messages")
    for path, text, wanted, one, other in zip(paths, texts, cmark_texts(texts), alone, together):
        failures.check(wanted == one, path, text, wanted, one)
        failures.check(wanted == other, f"{path} in thread.md", text, wanted, other)
    failures.check(len(paths) == len(texts) == len(together), len(paths), len(texts), len(together))


def check_parts(mount, failures):
    texts = sorted(set(text for message in parts() for text in message) | set(BEGINNINGS))
    blocks = dict(zip(texts, cmark_texts(texts)))
    paths, alone, together = items_of(mount, "parts")
    for path, message, *both in zip(paths, parts(), alone, together):
        for got in both:
            got = [one for one in got if one != SEPARATOR]
            good = True
            for number, text in enumerate(message):
                part, got = got[:len(blocks[text])], got[len(blocks[text]):]
                good = good and blocks[text] == part
            failures.check(good and not got, path, message, both)
    paths, alone, together = items_of(mount, "sources")
    for path, text, *both in zip(paths, BEGINNINGS, alone, together):
        for got in both:
            got = [one for one in got if one != SEPARATOR]
            head = [one[0] for one in got[:3]] == ["paragraph", "paragraph", "list"]
            failures.check(head and len(got[2][3]) == 2 and blocks[text] == got[3:], path, text,
                           got)


def check_quotes(mount, failures):
    texts = list(open_blocks())
    paths, alone, together = items_of(mount, "quotes")
    for path, text, wanted, *both in zip(paths, texts, cmark_texts(texts), alone, together):
        for got in both:
            failures.check([node[0] for node in got] == ["block_quote", "paragraph"]
                           and wanted == got[0][3], path, text, wanted, got)
    failures.check(len(paths) == len(texts) == len(together), len(paths), len(texts), len(together))


def is_payload(node, payload):
    kind, attributes, text, _ = node
    try:
        value = json.loads(payload)
    except ValueError:
        wanted = payload if payload.endswith("\n") else payload + "\n"
        return (kind, attributes, text) == ("code_block", {}, wanted)
    return kind == "code_block" and attributes == {"info": "json"} and json.loads(text) == value


def check_code(mount, failures):
    paths, alone, together = items_of(mount, "code")
    for path, payload, *both in zip(paths, PAYLOADS + PAYLOADS, alone, together):
        for got in both:
            code = [node for node in got if node[0] == "code_block"]
            is_tool = path.endswith("-tool.md")
            failures.check(len(code) == 1 + is_tool and all(is_payload(node, payload)
                                                            for node in code), path, payload, got)
            wanted = ["paragraph", "paragraph", "code_block", "paragraph", "code_block"]
            failures.check(not is_tool or [node[0] for node in got] == wanted, path, payload, got)


def target(url):
    """What may not stand in a link's target is percent-encoded."""
    return re.sub(r"[\x00-\x20\x7f-\x9f()<>\\`]",
                  lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)


def check_link(failures, where, entry, name, url, detail):
    """entry: the item of a list, which is a paragraph, which begins with the link or the name."""
    good = [node[0] for node in entry[3]] == ["paragraph"]
    inner = entry[3][0][3] if good else []
    if good and url:
        good = inner[0][0] == "link" and inner[0][1]["destination"] == target(url)
        good = good and not inner[0][1].get("title") and plain(inner[0]) == re.sub("\n", " ", name)
    text = (name + detail).replace("\n", " ").strip()
    markup = {kind for node in inner for kind in kinds(node)} - {"text", "link" if url else ""}
    failures.check(good and not markup and plain(entry).strip() == text, where, name, url, entry)


def check_links(mount, failures):
    _, alone, together = items_of(mount, "links")
    for where, (attached, sources, tasks, widget) in ("alone", alone), ("thread.md", together):
        pairs = list(links())
        failures.check([node[0] for node in attached] == ["paragraph", "list"], where, attached)
        failures.check([node[0] for node in sources] == ["paragraph", "paragraph", "list"], where)
        for node, detail in (attached[1], " (text/plain)"), (sources[2], ""):
            failures.check(len(node[3]) == len(pairs), where, len(node[3]), len(pairs))
            for entry, (name, url) in zip(node[3], pairs):
                check_link(failures, where, entry, name, url, detail)
        failures.check(len(tasks) == len(NAMES), where, len(tasks), len(NAMES))
        for node, name in zip(tasks, NAMES):
            good = node[0] == "paragraph" and [one[0] for one in node[3]] == ["strong"]
            good = good and set(kinds(node)) == {"paragraph", "strong", "text"}
            failures.check(good and plain(node) == name.strip().replace("\n", " "), where, name,
                           node)
        names = [name for name in NAMES if "\n" not in name]
        failures.check(len(widget) == len(names) + 2, where, len(widget), len(names))
        for node, name in zip(widget, names):
            failures.check(set(kinds(node)) == {"paragraph", "text"} and plain(node) == name.strip(),
                           where, "in a widget", name, node)


def main():
    if sys.argv[1] == "account":
        json.dump(list(account()), sys.stdout)
        return
    if sys.argv[1] == "strangers":
        json.dump(list(account_of_strangers()), sys.stdout)
        return
    if sys.argv[1] == "rendered":
        for conversation in rendered(sys.argv[2]):
            print(json.dumps(conversation))
        return
    failures = Failures()
    {"messages": check_messages, "parts": check_parts, "quotes": check_quotes,
     "code": check_code, "links": check_links}[sys.argv[1]](sys.argv[2], failures)
    failures.end()


if __name__ == "__main__":
    main()

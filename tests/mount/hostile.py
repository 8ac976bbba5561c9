# SPDX-License-Identifier: MIT
"""Pages of items of which some are hardly items, and what the mount must make of them.

    hostile.py plan GROUP...          has the sandbox ($SANDBOX) send such a page once
    hostile.py check FOLDER GROUP...  compares the thread's folder with it

Before, between and after the items of the groups stand ordinary ones, the neighbours.
"""

import json
import os
import re
import sys
import urllib.request

sys.dont_write_bytecode = True
import json_oracle  # noqa: E402

LOST = "{} no text and shown as \ufffd, see the .json"
ONE_LOST, TWO_LOST = LOST.format("1 character is"), LOST.format("2 characters are")


def missing(*names):
    return "not shown here, see the .json: " + ", ".join(names)


class Case:
    """source: the item, as bytes. shows: lines that its .md has; None: it has all of the source.
    notes: what it says besides about what it does not show."""

    def __init__(self, source, role="item", shows=(), *notes):
        self.source = source if isinstance(source, bytes) else source.encode()
        self.role, self.shows, self.notes = role, shows, [f"_({note})_" for note in notes]


def user(text, more="", name="cthi_x"):
    """A user's message with that text, JSON without its quotes."""
    return (b'{"id":"%s","type":"user_message","content":[{"type":"input_text","text":"%s"}]%s}'
            % tuple(part if isinstance(part, bytes) else part.encode()
                    for part in (name, text, more)))


def of_type(kind, members):
    return '{"id":"cthi_%d","type":"%s"%s}' % (next(SERIALS), kind, members)


SERIALS = iter(range(100000))


def nested(levels, inner="1"):
    return "[" * levels + inner + "]" * levels


def fenced(text):
    return ["```json", *text.split("\n"), "```"]


def text_cases():
    """Strings that are no text."""
    yield Case(user(r"lone \ud83d here"), "user", ["lone \ufffd here"], ONE_LOST)
    yield Case(user(r"swapped \ude00\ud83d", name="t2"), "user", ["swapped \ufffd\ufffd"], TWO_LOST)
    yield Case(user(r"pair \ud83d\ude00", name="t3"), "user", ["pair 😀"])
    yield Case(user(r"a NUL \u0000 inside", name="t4"), "user", ["a NUL ␀ inside"])
    yield Case(user(b"bytes \xff and \xc3 inside", name="t5"), "user",
               ["bytes \ufffd and \ufffd inside"], TWO_LOST)
    yield Case(user(b"half \xed\xa0\xbd a pair", name="t6"), "user",
               ["half \ufffd\ufffd\ufffd a pair"], LOST.format("3 characters are"))
    yield Case(user(r"escapes \q and \u12 and", name="t7"), "user",
               ["escapes \ufffd and \ufffd12 and"], TWO_LOST)
    yield Case(user(r"\u001b[2J \u009b31m \u007f \r\n\tend", name="t8"), "user",
               ["␛[2J \ufffd31m ␡ ", "\tend"])
    yield Case(user(b"raw \x00 and \x1b and \x7f", name="t9"), "user", ["raw ␀ and ␛ and ␡"])
    yield Case(user("half an id", name=r"\ud83d"), "user", ["half an id"], ONE_LOST)
    yield Case(user("another half", name=r"\ud83e"), "user", ["another half"], ONE_LOST)
    yield Case(user("bytes for an id", name=b"\xff"), "user", ["bytes for an id"], ONE_LOST)
    yield Case(user("replacement character for an id", name="\ufffd"), "user",
               ["replacement character for an id"])
    yield Case(user("one text", r',"extra":"\ud83d"', name="t10"), "user", ["one text"],
               missing("extra"), ONE_LOST)
    yield Case(of_type("task", r',"heading":"half \ud83d","summary":"whole"'), "task",
               ["**half \ufffd**", "whole"], ONE_LOST)
    yield Case(of_type("widget", r',"widget":"{\"type\":\"Text\",\"value\":\"\\ud83d\"}"'),
               "widget", ["\ufffd"], ONE_LOST)


def deep_cases():
    """As deep as an item of a page can be: of its 64 levels the page itself has two."""
    for levels in (60, 61):
        deep = nested(levels)
        name = f"d{levels}"
        yield Case(user("beside it", f',"deep":{deep}', name), "user", ["beside it"],
                   missing("deep"))
        yield Case(of_type("task", f',"heading":{deep},"summary":"below"'), "task",
                   ["**Task**", "below"], missing("heading"))
        yield Case(of_type("hologram", f',"text":"light","deep":{deep}'), "hologram", None)
    yield Case(of_type("user_message", f',"content":{nested(61)}'), "user",
               ["Content:", *fenced(nested(60))])
    yield Case(nested(62), "item", None)
    yield Case('{"a":' * 62 + "null" + "}" * 62, "item", None)
    # What is in a string is no level; what is deeper there is no JSON either.
    for levels in (17, 64, 65, 20000):
        text, fence = nested(levels, "null"), fenced(nested(levels, "null"))
        fence[0] = fence[0] if levels <= 64 else "```"
        yield Case(of_type("widget", f',"widget":{json.dumps(text)}'), "widget", fence)
        yield Case(of_type("client_tool_call", f',"name":"dig","arguments":{json.dumps(text)}'),
                   "tool", ["**dig**", *fence])


def big_cases():
    text = "A line of a very long text, which has 1 MB.\\n" * 24000
    yield Case(user(text, name="b1"), "user", ["A line of a very long text, which has 1 MB."])
    yield Case(user("x" * 1000000, name="b2"), "user", ["x" * 1000000])
    yield Case(of_type("hologram", f',"note":"{"y" * 1000000}"'), "hologram", ["y" * 1000000])
    yield Case(of_type("client_tool_call", f',"name":"dump","output":"{"z" * 1000000}"'), "tool",
               ["z" * 1000000])


def id_cases():
    """Ids that are missing or none; what is the same twice is two items all the same."""
    content = '"type":"user_message","content":"%s"}'
    for value in ("", '"id":null,', '"id":7,', '"id":"",', '"id":[],', '"id":{"a":"b"},'):
        notes = [missing("id")] if value in ('"id":7,', '"id":[],', '"id":{"a":"b"},') else []
        for text in ("no name", "no name", "nor I"):
            yield Case("{" + value + content % text, "user", [text], *notes)
    yield Case('{"id":"cthi_e"' + "," + content % "whole", "user", ["whole"])
    yield Case('{"\\u0069d":"cthi_f"' + "," + content % "escaped key", "user", ["escaped key"])


def type_cases():
    """Known members of another type than the API gives them."""
    yield Case(of_type("user_message", ',"content":5'), "user", ["Content:", *fenced("5")])
    yield Case(of_type("user_message", ',"content":"as it is"'), "user", ["as it is"])
    yield Case(of_type("user_message", ',"content":{"text":"in an object"}'), "user",
               ["in an object", "Content:"])
    yield Case(of_type("user_message", ',"content":["bare",5,null]'), "user",
               ["bare", "Content:", *fenced("5"), *fenced("null")])
    yield Case(of_type("user_message", ',"content":[{"type":"input_text","text":7}]'), "user",
               ["Content:", '  "text": 7'])
    yield Case(of_type("user_message", ',"content":"c","attachments":"x"'), "user", ["c"],
               missing("attachments"))
    yield Case(of_type("user_message", ',"content":"c","attachments":["y",7]'), "user",
               ["c", "Attachment:", *fenced('"y"'), *fenced("7")])
    yield Case(of_type("user_message", ',"content":"c","created_at":"yesterday"'), "user", ["c"],
               missing("created_at"))
    yield Case(of_type("user_message", ',"content":"c","inference_options":"fast"'), "user",
               ["c"], missing("inference_options"))
    yield Case(of_type("user_message", ',"content":"c","inference_options":{"model":5}'), "user",
               ["c"], missing("inference_options"))
    yield Case(of_type("assistant_message",
                       ',"content":[{"type":"output_text","text":"t","annotations":5}]'),
               "assistant", ["t", "Annotations:", *fenced("5")])
    yield Case(of_type("assistant_message",
                       ',"content":[{"type":"output_text","text":"t","annotations":["a",{}]}]'),
               "assistant", ["t", "Annotation:", *fenced('"a"'), *fenced("{}")])
    yield Case(of_type("task_group", ',"tasks":{}'), "tasks", [], missing("tasks"))
    yield Case(of_type("task_group", ',"tasks":[5,{"heading":"h"},{"heading":7}]'), "tasks",
               ["Task:", *fenced("5"), "**h**", '  "heading": 7'])
    yield Case(of_type("task", ',"heading":5,"summary":["s"]'), "task", ["**Task**"],
               missing("heading", "summary"))
    yield Case(of_type("client_tool_call", ',"name":5,"arguments":{"a":1},"output":[2]'), "tool",
               ["**a tool**", *fenced('{\n  "a": 1\n}'), *fenced("[\n  2\n]")], missing("name"))
    yield Case(of_type("widget", ',"widget":5'), "widget", ["Widget:", *fenced("5")])
    yield Case(of_type("widget", ',"widget":"no JSON"'), "widget", ["Widget:", "```", "no JSON"])
    yield Case(of_type("widget", ',"widget":[5,"word"]'), "widget", ["word", *fenced('[5,"word"]')])
    yield Case(of_type("widget", ',"widget":{"type":7,"children":"x","text":"readable"}'),
               "widget", ["readable"])
    yield Case(of_type("user_message", ',"content":"c","mood":"good","list":[1]'), "user", ["c"],
               missing("mood", "list"))


def element_cases():
    """What is no object at all."""
    for source in ("null", "5", "-1.50", '"x"', "[]", "true", "{}", "NaN"):
        yield Case(source, shows=["Item:", *fenced(source)])
    yield Case('[1,"y",[2]]', shows=["y", "Item:", '  "y",'])
    yield Case("null", shows=["Item:", *fenced("null")])


def unknown_cases():
    for kind, role in (("hologram", "hologram"), ("chatkit.future/thing é", "future-thing-é"),
                       ("-", "item"), ("", "item"), ("..", "item"), ("chatkit.", "item"),
                       ("../../etc", "etc"), ("x" * 500, "x" * 100)):
        yield Case(of_type(kind, ',"caption":"A whale","depth":2.50'), role,
                   ["A whale", '  "depth": 2.50'])
    for kind in ("7", "null", "[]", '{"a":"b"}'):
        yield Case(f'{{"id":"cthi_{next(SERIALS)}","type":{kind},"caption":"A whale"}}', "item",
                   ["A whale"])
    yield Case(r'{"id":"cthi_h","type":"half \ud83d","caption":"A whale"}', "half-\ufffd",
               ["A whale"], ONE_LOST)


def repeated_cases():
    """One id in a page with different bytes: each is an item."""
    for text in ("first", "second", "third"):
        yield Case(user(text, name="cthi_same"), "user", [text])
    yield Case(user("second", ',"x":null', name="cthi_same"), "user", ["second"])


GROUPS = {"text": text_cases, "deep": deep_cases, "big": big_cases, "ids": id_cases,
          "types": type_cases, "elements": element_cases, "unknown": unknown_cases,
          "repeated": repeated_cases}


def neighbour(number):
    source = user(f"Neighbour {number}.", f',"created_at":{1700000000 + number}', f"n{number}")
    return Case(source, "user", ["Neighbour %d." % number])


def page(groups):
    """The cases of these groups, with neighbours."""
    cases = [neighbour(0)]
    for group in groups:
        for case in GROUPS[group]():
            cases += [case, neighbour(len(cases) + 1)]
    return cases


def plan(groups):
    """Answers with pages of at most 100, each of which ends with a neighbour: an even place."""
    cases, start, after = page(groups), 0, ""
    while start < len(cases):
        end = min(start + 100 if start else 99, len(cases))
        last = f"n{end - 1}"
        body = (b'{"object":"list","data":[%s],"last_id":"%s","has_more":%s}'
                % (b",".join(case.source for case in cases[start:end]), last.encode(),
                   b"true" if end < len(cases) else b"false"))
        # The body as a string, in which any bytes can be.
        inject({"kind": "body", "match": f"/items[?].*order=asc{after}$",
                "body": body.decode("utf-8", "surrogateescape")})
        start, after = end, f"&after={last}"


def inject(fault):
    request = urllib.request.Request(os.environ["SANDBOX"] + "/faults",
                                     json.dumps(fault).encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request).read()


def check_markdown(path, number, case):
    with open(path, "rb") as file:
        text = file.read()
    assert os.stat(path).st_size == len(text), path
    text = text.decode()
    bad = re.findall(r"[^\n\t -~\xa0-\U0010ffff]", text)
    assert not bad, (path, bad)
    lines = text.split("\n")
    if case.source == neighbour(number - 1).source:
        clock = f"2023-11-14 22:{13 + (20 + number - 1) // 60:02}:{(20 + number - 1) % 60:02} UTC"
        wanted = f"## user · {clock}\n\nNeighbour {number - 1}.\n\n"
        assert text == wanted, (path, text, wanted)
    assert lines[0].startswith(f"## {case.role}"), (path, lines[0], case.role)
    assert lines[-2:] == ["", ""], (path, lines[-3:])
    for line in case.shows or ():
        assert line in lines, (path, line[:200], text[:2000])
    notes = [line for line in lines if re.match(r"_\(.*(not shown here|no text and shown)", line)]
    assert notes == case.notes, (path, notes, case.notes)
    if case.shows is None:
        squeezed = re.sub(r"\s", "", text)
        assert re.sub(r"\s", "", case.source.decode()) in squeezed, (path, text[:2000])


def check(folder, groups):
    cases = page(groups)
    wanted = []
    for number, case in enumerate(cases, 1):
        wanted += [f"{number:04}-{case.role}.json", f"{number:04}-{case.role}.md"]
    names = [entry.name for entry in os.scandir(folder)]
    assert names == wanted + ["thread.json", "thread.md"], (names, wanted)
    for number, case in enumerate(cases, 1):
        name = f"{folder}/{number:04}-{case.role}"
        json_oracle.expect(f"{name}.json", json_oracle.as_json(case.source))
        check_markdown(f"{name}.md", number, case)
    json_oracle.expect(f"{folder}/items.jsonl",
                       b"".join(json_oracle.as_line(case.source) for case in cases))
    with open(f"{folder}/thread.md", "rb") as file:
        whole = file.read()
    assert os.stat(f"{folder}/thread.md").st_size == len(whole)
    items = b"".join(open(f"{folder}/{name}", "rb").read() for name in wanted[1::2])
    assert whole.endswith(items) and len(items) < len(whole)
    print(len(cases))


if __name__ == "__main__":
    if sys.argv[1] == "plan":
        plan(sys.argv[2:])
    else:
        check(sys.argv[2], sys.argv[3:])

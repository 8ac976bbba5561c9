#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks requests, and their answers, against OpenAI's description of its API.

Reads JSON lines {"method", "url"}, with the answer's {"status", "body"} where that is to be
checked too, and prints how many there were of each operation.  Says on standard error what does
not fit, and then ends with status 1.  A url may lack the server: /v1/path?query.

chatkit-openapi.json is the thread endpoints of OpenAI's published document of version 2.3.0 (MIT).
It describes the answers of status 200 alone: any other does not fit.
"""

# Debian's interpreter by its path, as jsonschema is one of its packages.

import collections
import json
import re
import sys
import urllib.parse
from pathlib import Path
from typing import Iterator

import jsonschema

DOCUMENT = json.loads(Path(__file__).with_name("chatkit-openapi.json").read_text("utf-8"))
BASE = urllib.parse.urlsplit(DOCUMENT["servers"][0]["url"]).path


def faults(value, schema: dict) -> Iterator[str]:
    """What is wrong with a value."""
    # The whole document around the schema, so that its references are found.
    validator = jsonschema.Draft202012Validator({**DOCUMENT, **schema})
    for error in validator.iter_errors(value):
        yield from told(error)


def told(error: jsonschema.ValidationError) -> Iterator[str]:
    # Of several alternatives those are meant that have the value's type.
    others = {each.schema_path[0] for each in error.context if list(each.path) == ["type"]}
    meant = [each for each in error.context if each.schema_path[0] not in others]
    if not meant:
        yield f"{error.json_path}: {error.message[:200]}"
    for each in meant:
        yield from told(each)


def operation(method: str, path: str) -> dict:
    for template, methods in DOCUMENT["paths"].items():
        pattern = re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(BASE + template))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            return methods[method.lower()]
    raise LookupError("no such operation")


def wrong(line: dict, described: dict) -> Iterator[str]:
    """What does not fit the description of its operation."""
    known = {each["name"]: each["schema"] for each in described["parameters"]
             if each["in"] == "query"}
    query = urllib.parse.urlsplit(line["url"]).query
    for name, text in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if name not in known:
            yield f"parameter {name} is unknown"
            continue
        number = known[name].get("type") == "integer" and re.fullmatch("-?[0-9]+", text)
        for fault in faults(int(text) if number else text, known[name]):
            yield f"parameter {name}: {fault}"
    if "status" not in line:
        return
    answer = described["responses"].get(str(line["status"]))
    if answer is None:
        yield f"an answer of status {line['status']}"
        return
    yield from faults(json.loads(line["body"]), answer["content"]["application/json"]["schema"])


def main() -> int:
    counts: collections.Counter[str] = collections.Counter()
    status = 0
    for text in sys.stdin:
        line = json.loads(text)
        try:
            described = operation(line["method"], urllib.parse.urlsplit(line["url"]).path)
            complaints = list(wrong(line, described))
            counts[described["operationId"]] += 1
        except (LookupError, ValueError) as error:
            complaints = [str(error)]
        for complaint in complaints:
            print(f"{line['method']} {line['url']}: {complaint}", file=sys.stderr)
            status = 1
    for name, count in sorted(counts.items()):
        print(name, count)
    return status


if __name__ == "__main__":
    sys.exit(main())

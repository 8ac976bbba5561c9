"""JSON as source text: values keep the exact bytes in which they were written.

json.loads() would lose how numbers and escapes were written, so values are cut out of their
source instead and only the few scalars that matter here are decoded.
"""

import contextlib
import json
import re
from typing import Iterable, Iterator

STRUCTURE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
SCALAR = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,:\]}]+', re.DOTALL)
SEPARATORS = re.compile(rb"[\s,:]*")


def decode(raw: bytes):
    """The value of a JSON text; numbers are only approximate, bytes that are no UTF-8 survive."""
    return json.loads(raw.decode("utf-8", "surrogateescape"), parse_int=decode_int)


def decode_int(digits: str):
    # Python refuses to convert very long integers, which are legal JSON all the same.
    return int(digits) if len(digits) < 20 else float(digits)


def checked(text: bytes) -> bytes:
    """The text without surrounding white space; ValueError unless it is JSON."""
    with contextlib.suppress(RecursionError):  # nested too deeply to check, but not to serve
        decode(text)
    return text.strip(b" \t\r\n")


def value_end(text: bytes, start: int) -> int:
    if text[start] not in b"[{":
        return SCALAR.match(text, start).end()
    depth = 0
    for token in STRUCTURE.finditer(text, start):
        first = token[0][0]
        if first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
            if depth == 0:
                return token.end()
    raise ValueError("unbalanced brackets")


def parts(raw: bytes) -> Iterator[bytes]:
    """The source of what an array or object holds, an object's keys and values in turn."""
    position = SEPARATORS.match(raw, 1).end()
    while raw[position] not in b"]}":
        end = value_end(raw, position)
        yield raw[position:end]
        position = SEPARATORS.match(raw, end).end()


def members(raw: bytes) -> dict[str, tuple[bytes, bytes]]:
    """An object's fields: name -> (source of the key, source of the value)."""
    if raw[:1] != b"{":
        raise ValueError("expected an object")
    pieces = parts(raw)
    return {decode(key): (key, value) for key, value in zip(pieces, pieces)}


def elements(raw: bytes) -> list[bytes]:
    """The source of an array's elements; any other value counts as an array of itself."""
    return list(parts(raw)) if raw[:1] == b"[" else [raw]


def merged(raw: bytes, changes: bytes, drop: Iterable[str] = ()) -> bytes:
    """The object with the fields of another one set and some removed, the rest untouched."""
    fields = members(raw)
    fields.update(members(changes))
    return b"{%s}" % b",".join(
        b"%s:%s" % pair for name, pair in fields.items() if name not in drop
    )


def encode(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")

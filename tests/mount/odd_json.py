# SPDX-License-Identifier: MIT
"""Writes a data file for the sandbox, always the same, with JSON as odd as servers can make it.

    odd_json.py odd     numbers, escapes and bytes that a decoder would change or refuse
    odd_json.py plain   only such as jq leaves as they are, but all kinds of layout
"""

import random
import sys

THREADS = 6
ITEMS = 70  # in each thread

NUMBERS = [
    b"9007199254740993", b"2.50", b"1e400", b"-0", b"1E+2", b"-0.0", b"1e-400", b"0.10e-07",
    b"-1E-2", b"123456789012345678901234567890123456789012345678901234567890123456789012345678",
    b"3.14159265358979323846264338327950288", b"NaN", b"Infinity", b"-Infinity", b"0", b"7",
]
STRINGS = [
    rb"\ud83d\ude00", rb"\u0000", rb"\ud83d", rb"\ude00\ud83d", rb"\/", rb"\u0041", rb"\u00E9",
    rb"\"", rb"\\", rb"\\u0041", rb"\b\f\n\r\t", rb"\u2028", rb"\u001b[2J", rb"\u007f",
    "é日本語 😀 \u2028\u202e\ufeff\ufffe".encode(), b"\xff\xfe", b"\xc3", b"\xed\xa0\xbd",
    b"\xf0\x9f\x98", b"\xc0\x80", b"\xc2\x9b", b"\x7f", b"{[,:]}", b"/* # */", b" ", b"", b"text",
]
WORDS = [b"true", b"false", b"null"]
KEYS = [b"a", b"b", b"text", b"content", b"name", b"tasks", b"widget", b"value", b"", rb"\u0061",
        rb"\ud83d", b"\xff", "é".encode(), rb"\"", rb"a\/b", b"a b"]
SPACES = [b"", b"", b"", b" ", b"\n", b"\t", b"\r\n", b"\r\n\t  ", b"\n\n    "]
TYPES = [b"user_message", b"assistant_message", b"widget", b"client_tool_call", b"task",
         b"task_group", b"chatkit.hologram"]

PLAIN_NUMBERS = [b"0", b"7", b"-12", b"2.5", b"1783300069"]
PLAIN_STRINGS = ["é日本語 😀".encode(), b"", b" ", b"{[,:]}", rb"\"", rb"\\", rb"\n", b"text"]


class Writer:
    def __init__(self, odd):
        self.random = random.Random(20260701)
        self.numbers, self.strings = \
            (NUMBERS, STRINGS) if odd else (PLAIN_NUMBERS, PLAIN_STRINGS)
        self.odd = odd

    def space(self):
        return self.random.choice(SPACES)

    def string(self):
        return b'"%s"' % b"".join(self.random.choice(self.strings)
                                  for _ in range(self.random.choice((0, 1, 1, 2, 5))))

    def keys(self, count):
        """Of plain objects all different, since jq drops the others."""
        if self.odd:
            return [b'"%s"' % self.random.choice(KEYS) for _ in range(count)]
        return [b'"key %d"' % i for i in self.random.sample(range(30), count)]

    def value(self, depth):
        kind = self.random.randrange(8 if depth else 5)
        if kind < 2:
            return self.string()
        if kind < 4:
            return self.random.choice(self.numbers)
        if kind == 4:
            return self.random.choice(WORDS)
        count = self.random.choice((0, 1, 2, 4))
        values = [self.value(depth - 1) for _ in range(count)]
        if kind == 5:
            return self.container(b"[]", values)
        return self.members(list(zip(self.keys(count), values)))

    def members(self, pairs):
        return self.container(b"{}", [key + self.space() + b":" + self.space() + value
                                      for key, value in pairs])

    def container(self, brackets, parts):
        inner = b",".join(self.space() + part + self.space() for part in parts) or self.space()
        return brackets[:1] + inner + brackets[1:]

    def resource(self, fields):
        """An object with these members among others, in any order."""
        count = self.random.randrange(8)
        pairs = list(zip(self.keys(count), [self.value(5) for _ in range(count)])) + fields
        self.random.shuffle(pairs)
        return self.members(pairs)

    def thread(self, number):
        return self.resource([(b'"id"', b'"cthr_%d"' % number), (b'"title"', self.string()),
                              (b'"created_at"', b"17000000%02d" % number)])

    def item(self, number):
        return self.resource([(b'"id"', b'"cthi_%d"' % number),
                              (b'"type"', b'"%s"' % self.random.choice(TYPES))])

    def account(self):
        for number in range(THREADS):
            yield self.members([
                (b'"thread"', self.thread(number)),
                (b'"items"', self.container(b"[]", [self.item(i) for i in range(ITEMS)]))])


if __name__ == "__main__":
    writer = Writer(sys.argv[1] == "odd")
    sys.stdout.buffer.write(writer.container(b"[]", list(writer.account())))

"""A made-up account, the same each time: threads of one number of items, texts of all sizes.

Sizes and types are those of support conversations: questions of a few sentences, answers of a
few paragraphs with lists and code, now and then one of many pages, some tool calls, widgets and
tasks among them.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Iterator, NamedTuple

# What the walks look for: in the first message of the oldest thread and of each 100th after it.
PATTERN = "reimbursement"
PATTERN_EVERY = 100

FIRST_CREATED = 1_750_000_000
SECONDS_BETWEEN = 90

WORDS = """the a to of and is in it you that for on with as this are be have from or not can was
    will if your we when there which one use more out all an by at then order account invoice
    payment printer server update version file folder error message customer delivery address
    password calendar meeting report project table column query index backup desk lamp chair
    garden workshop badge sensor network release question answer support subscription refund
    Straße Größe Prüfung Lieferung straightforward naïve façade 注文 確認 配送 счёт заказ مرحبا
    carefully quickly yesterday tomorrow between because without through another different
    several important available possible certain example number second minute product request
    installed configured connected expected received returned cancelled confirmed scheduled
    17 42 2026 3.14 100% v2.1 user@example.com https://example.com/help?id=7 ✓ 🙂""".split()


class Thread(NamedTuple):
    id: str
    json: bytes
    items: list[tuple[str, bytes]]  # (id, JSON) in order of creation


@dataclass(frozen=True)
class Account:
    threads: int
    items: int  # of each thread

    def __str__(self) -> str:
        return f"{self.threads:,} threads of {self.items:,} items"

    @property
    def all_items(self) -> int:
        return self.threads * self.items

    @property
    def files(self) -> int:
        """What the mount lists: two files an item, thread.json and thread.md."""
        return self.threads * (2 * self.items + 2)

    @property
    def matches(self) -> int:
        """Lines with PATTERN: each in the .json, in the .md and in thread.md."""
        return 3 * -(-self.threads // PATTERN_EVERY) if self.items else 0

    def thread(self, number: int) -> Thread:
        """The thread that was created as that one, from 0."""
        random = Random(number)
        thread_id = thread_id_of(number)
        created_at = FIRST_CREATED + number * SECONDS_BETWEEN
        title = None if number % 9 == 5 else sentence(random, 2, 9)
        head = encode({
            "id": thread_id, "object": "chatkit.thread", "created_at": created_at,
            "title": title, "status": {"type": "locked" if number % 31 == 7 else "active"},
            "user": f"user_{number % 97}"})
        return Thread(thread_id, head, [
            item(random, thread_id, number, place, created_at + 2 * place)
            for place in range(self.items)])

    def newest_first(self) -> Iterator[Thread]:
        return map(self.thread, reversed(range(self.threads)))


def thread_id_of(number: int) -> str:
    # Hashed, so that the order of ids says nothing about the order of creation.
    return f"cthr_{sha256(b'%d' % number).hexdigest()[:24]}"


def item(random: Random, thread_id: str, thread: int, place: int,
         created_at: int) -> tuple[str, bytes]:
    item_id = f"cthi_{sha256(b'%d/%d' % (thread, place)).hexdigest()[:24]}"
    kind = place % 2 if place == 0 or random.random() < 0.85 else 2 + int(random.random() * 4)
    if kind == 0:
        text = prose(random, 1 + int(random.random() ** 3 * 4))
        if place == 0 and thread % PATTERN_EVERY == 0:
            text = f"Where is my {PATTERN}? {text}"
        fields = {"content": [{"type": "input_text", "text": text}], "attachments": [],
                  "inference_options": None}
        if random.random() < 0.05:
            fields["attachments"] = [{
                "type": "file", "id": f"cfile_{thread}_{place}", "name": f"scan {place}.pdf",
                "mime_type": "application/pdf", "preview_url": None}]
    elif kind == 1:
        many = 40 if random.random() < 0.005 else 6
        fields = {"content": [{
            "type": "output_text", "text": prose(random, 1 + int(random.random() ** 2 * many)),
            "annotations": [{"type": "url", "source": {
                "type": "url", "url": f"https://example.com/guide/{place}"}}]
            if random.random() < 0.2 else []}]}
    elif kind == 2:
        fields = {"status": "completed", "call_id": f"call_{thread}_{place}", "name": "find_order",
                  "arguments": json.dumps({"order": thread * 1000 + place}),
                  "output": json.dumps({"state": "shipped", "note": prose(random, 1)})}
    elif kind == 3:
        fields = {"widget": json.dumps({"type": "Card", "children": [
            {"type": "Title", "value": sentence(random, 2, 6)},
            {"type": "Text", "value": prose(random, 1)}]})}
    elif kind == 4:
        fields = {"task_type": "thought", "heading": sentence(random, 2, 6),
                  "summary": prose(random, 1)}
    else:
        fields = {"tasks": [{"type": "custom", "heading": sentence(random, 2, 6),
                             "summary": sentence(random, 8, 20)} for _ in range(2)]}
    types = ("user_message", "assistant_message", "client_tool_call", "widget", "task",
             "task_group")
    return item_id, encode({
        "id": item_id, "object": "chatkit.thread_item", "created_at": created_at,
        "thread_id": thread_id, "type": f"chatkit.{types[kind]}", **fields})


def sentence(random: Random, fewest: int, most: int) -> str:
    count = fewest + int(random.random() * (most - fewest + 1))
    words = [WORDS[int(random.random() ** 1.7 * len(WORDS))] for _ in range(count)]
    return " ".join(words).capitalize()


def made_paragraphs() -> list[str]:
    """Of which prose is put together; made once, since a million items are wanted soon."""
    random = Random(0)
    made = []
    for number in range(3000):
        lines = [f"{sentence(random, 4, 18)}." for _ in range(1 + int(random.random() * 3))]
        if number % 7 == 0:
            made.append("\n".join(f"- {line}" for line in lines))
        elif number % 11 == 0:
            made.append("\n".join(["```sh", *(f"run --{line.lower()}" for line in lines), "```"]))
        elif number % 13 == 0:
            made.append(f"### {lines[0]}\n\nSee [the guide](https://example.com/{number}).")
        else:
            made.append(" ".join(lines))
    return made


PARAGRAPHS = made_paragraphs()


def prose(random: Random, count: int) -> str:
    start = int(random.random() * (len(PARAGRAPHS) - count))
    return "\n\n".join(PARAGRAPHS[start:start + count])


def encode(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")

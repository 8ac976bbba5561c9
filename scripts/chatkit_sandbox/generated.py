"""The generated account: made-up threads, the same each time."""

import json
from hashlib import sha256

from .source import encode


def generated_thread(number: int, most: int) -> tuple[bytes, list[bytes]]:
    """The sources of a thread and of its items, of which there are `most` at most."""
    # Full pages are where paging goes wrong: every fourth thread has a multiple of 100 items.
    count = most if number == 1 else number * 37 % (most + 1)
    if number % 4 == 0:
        count = number // 4 * 100 % (most // 100 * 100 + 100)
    thread_id = generated_id("cthr", number)
    created_at = 1717200000 + number // 3 * 5400  # three threads share each time
    subject = ("Refund for order", "Übersetzung", "Login fails on step", "注文について",
               "Weekly plan / week", "Crème brûlée 🍮 no.")[number % 6]
    status = {"type": ("active", "active", "locked", "active", "closed")[number % 5]}
    if status["type"] != "active":
        status["reason"] = None if number % 2 else "Resolved by the support team."
    return encode({
        "id": thread_id,
        "object": "chatkit.thread",
        "created_at": created_at,
        "title": None if number % 7 == 3 else f"{subject} {number}",
        "status": status,
        "user": ("user_ada", "user_bo", "claire@example.com", "user_dé")[number % 9 % 4],
    }), [encode(generated_item(thread_id, number, place, created_at + place // 2 * 7))
         for place in range(count)]


def generated_item(thread_id: str, thread: int, place: int, created_at: int) -> dict:
    text = f"Message {place} of conversation {thread}." + " And some more to read." * (place % 11)
    task_type = "thought" if place % 2 else "custom"
    heading = None if place % 5 == 2 else f"Step {place}"
    kind, fields = (
        ("user_message", {
            "content": [{"type": "quoted_text", "text": "As you\nsaid"}] * (place % 4 == 0)
            + [{"type": "input_text", "text": text}],
            "attachments": [{
                "type": "image" if place % 3 else "file",
                "id": f"cfile_{thread}_{place}",
                "name": f"scan {place}.png",
                "mime_type": "image/png",
                "preview_url": f"https://files.example.com/{place}" if place % 3 else None,
            }] * (place % 16 == 0),
            "inference_options": None if place % 24 else {
                "tool_choice": {"id": "search"}, "model": None},
        }),
        ("assistant_message", {"content": [{
            "type": "output_text",
            "text": f"Réponse {place}: {text} ✓",
            "annotations": [
                {"type": "file", "source": {"type": "file", "filename": "guide.pdf"}},
                {"type": "url", "source": {"type": "url", "url": "https://example.com/a?b=c"}},
            ][:place % 3],
        }]}),
        ("client_tool_call", {
            "status": "in_progress" if place % 7 == 0 else "completed",
            "call_id": f"call_{thread}_{place}",
            "name": "look_up_order",
            "arguments": json.dumps({"order": place}),
            "output": None if place % 7 == 0 else json.dumps({"state": "shipped"}),
        }),
        ("task", {"task_type": task_type, "heading": heading, "summary": text}),
        ("widget", {"widget": json.dumps({"type": "Card", "children": [
            {"type": "Text", "value": text}]})}),
        ("task_group", {"tasks": [
            {"type": task_type, "heading": heading, "summary": None},
            {"type": "custom", "heading": None, "summary": text}][:1 + place % 2]}),
        ("user_message", {"content": [{"type": "input_text", "text": text}],
                          "attachments": [], "inference_options": None}),
        ("assistant_message", {"content": [
            {"type": "output_text", "text": text, "annotations": []}]}),
    )[place % 8]
    return {"id": generated_id("cthi", thread, place), "object": "chatkit.thread_item",
            "created_at": created_at, "thread_id": thread_id, "type": f"chatkit.{kind}", **fields}


def generated_id(prefix: str, *numbers: int) -> str:
    # Hashed, so that the order of ids says nothing about the order of creation.
    return f"{prefix}_{sha256(repr(numbers).encode()).hexdigest()[:24]}"

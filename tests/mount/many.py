#!/usr/bin/env python3
"""Writes a data file of the sandbox: many threads with so many finished items each.

usage: many.py THREADS ITEMS
"""

import json
import sys


def item(thread: int, number: int) -> dict:
    role, content = (("user_message", "input_text"), ("assistant_message", "output_text"))[number % 2]
    return {
        "id": f"cthi_{thread}_{number}",
        "object": "chatkit.thread_item",
        "thread_id": f"cthr_{thread:05}",
        "type": f"chatkit.{role}",
        "created_at": 1700000000 + thread * 1000 + number,
        "content": [{"type": content, "text": f"Word {number} of {thread}, and a needle."}],
    }


def thread(number: int) -> dict:
    return {
        "id": f"cthr_{number:05}",
        "object": "chatkit.thread",
        "created_at": 1700000000 + number * 1000,
        "title": f"Thread {number}",
        "status": {"type": "active"},
        "user": f"user_{number % 10}",
    }


threads, items = map(int, sys.argv[1:])
json.dump([{"thread": thread(t), "items": [item(t, i) for i in range(items)]}
           for t in range(threads)], sys.stdout)

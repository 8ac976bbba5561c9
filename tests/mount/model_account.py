# SPDX-License-Identifier: MIT
"""What the server has had: threads and items with all that each of them ever was.

The states of a file are told from its bytes. A transcript is made of parts, the thread's head and
one for each item, and each part is in one of the states that the server had of it.
"""

import datetime
import json
import string

import json_oracle

USERS = [None, "ann", "bob@example.org", "li-4"]
WORDS = "Export desk Lamp invoice Zoom key late Ring blue Rate order Tax Hall moved".split()
FINISHED = "completed"


def encode(value):
    return json.dumps(value, separators=(",", ":")).encode()


def time_of(seconds, form):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(form)


class Form:
    """What a thread or an item was, until it changed."""

    def __init__(self, fields):
        self.fields = fields
        raw = encode(fields)
        self.json = json_oracle.as_json(raw)
        self.line = json_oracle.as_line(raw)
        self.raw = raw


class ThreadForm(Form):
    def __init__(self, fields):
        super().__init__(fields)
        safe = "-".join((fields["title"] or "").split())
        self.name = f"{safe}.{fields['id']}" if safe else fields["id"]
        status = fields["status"]
        told = [("id", fields["id"]), ("title", fields["title"]), ("user", fields["user"]),
                ("status", status["type"]), ("reason", status.get("reason"))]
        self.md = "---\n{}created: {}\n---\n\n# {}\n\n".format(
            "".join(f"{key}: {json.dumps(value)}\n" for key, value in told),
            time_of(fields["created_at"], "%Y-%m-%dT%H:%M:%SZ"),
            fields["title"] or fields["id"]).encode()


class ItemForm(Form):
    def __init__(self, fields):
        super().__init__(fields)
        self.finished = fields.get("status", FINISHED) == FINISHED
        self.role = {"chatkit.user_message": "user", "chatkit.assistant_message": "assistant",
                     "chatkit.client_tool_call": "tool"}[fields["type"]]
        if self.role == "tool":
            text = f"**look** ({fields['call_id']}, {fields['status']})"
            for what, value in (("Arguments", fields["arguments"]), ("Output", fields["output"])):
                if value is not None:
                    text += f"\n\n{what}:\n\n```json\n{json.dumps(json.loads(value), indent=2)}\n```"
        else:
            text = fields["content"][0]["text"]
        self.md = "## {} · {} UTC\n\n{}\n\n".format(
            self.role, time_of(fields["created_at"], "%Y-%m-%d %H:%M:%S"), text).encode()


class Item:
    def __init__(self, fields):
        self.id = fields["id"]
        self.forms = [ItemForm(fields)]


class Thread:
    def __init__(self, fields):
        self.id = fields["id"]
        self.user = fields["user"]
        self.forms = [ThreadForm(fields)]
        self.items = []
        self.changes = 0
        self.deleted = False

    @property
    def now(self):
        return self.forms[-1]

    def settled(self):
        """How many items are in the transcripts."""
        return max((n + 1 for n, item in enumerate(self.items) if item.forms[-1].finished),
                   default=0)

    def names(self):
        return list(dict.fromkeys(form.name for form in self.forms)) + [self.id]

    def files(self):
        """The names of the files that its folder lists now, without those of the thread."""
        return [f"{number:04}-{item.forms[-1].role}.{ext}"
                for number, item in enumerate(self.items, 1) for ext in ("json", "md")]


class Account:
    """Makes the changes up; what they do to the server is told as (method, path, body)."""

    def __init__(self, rng):
        self.rng = rng
        self.threads = []  # the oldest first, as those of one second are ordered too
        self.clock = 1782000000
        self.serial = 0

    def alive(self):
        return [thread for thread in self.threads if not thread.deleted]

    def next_id(self, prefix):
        self.serial += 1
        return f"{prefix}{self.serial:06x}"

    def title(self):
        words = self.rng.choices(WORDS, k=self.rng.choice((0, 1, 2, 2, 3)))
        return " ".join(words) or None

    def text(self):
        size = self.rng.choice((1, 30, 30, 200, 200, 1500, 5000, 9000))
        letters = string.ascii_letters + "     "
        return "".join(self.rng.choices(letters, k=size)).strip() + f" no {self.serial}"

    def item(self, thread):
        kind = self.rng.choice(("user", "assistant", "tool", "tool"))
        fields = {"id": self.next_id("cthi_"), "object": "chatkit.thread_item",
                  "created_at": self.clock, "thread_id": thread.id}
        if kind == "tool":
            fields.update(type="chatkit.client_tool_call", status="in_progress",
                          call_id=f"call_{self.serial}", name="look",
                          arguments=json.dumps({"q": self.text()}), output=None)
        else:
            text = {"type": "input_text" if kind == "user" else "output_text", "text": self.text()}
            fields.update(type=f"chatkit.{kind}_message", content=[text])
        return Item(fields)

    # The changes

    def add_threads(self):
        added = []
        self.clock += self.rng.choice((0, 1, 1, 5))
        for _ in range(self.rng.choice((1, 1, 1, 2, 5))):
            thread = Thread({"id": self.next_id("cthr_"), "object": "chatkit.thread",
                             "created_at": self.clock, "title": self.title(),
                             "status": {"type": "active"}, "user": self.rng.choice(USERS)})
            thread.items = [self.item(thread) for _ in range(self.rng.choice((0, 0, 1, 4)))]
            added.append(thread)
        self.threads += added
        data = b",".join(b'{"thread":%s,"items":[%s]}' % (
            thread.now.raw, b",".join(item.forms[0].raw for item in thread.items))
            for thread in added)
        return "POST", "/sandbox/threads", b"[%s]" % data

    def add_items(self, thread):
        self.clock += self.rng.choice((0, 1, 1, 5))
        added = [self.item(thread) for _ in range(self.rng.choice((1, 1, 2, 4)))]
        thread.items += added
        return ("POST", f"/sandbox/threads/{thread.id}/items",
                b"[%s]" % b",".join(item.forms[0].raw for item in added))

    def change_item(self, thread, item):
        """Any of those in progress, so that they do not finish in order."""
        fields = dict(item.forms[-1].fields)
        if self.rng.random() < 0.25:
            fields["arguments"] = json.dumps({"q": self.text(), "no": len(item.forms)})
        else:
            fields.update(status=FINISHED, output=json.dumps({"r": self.text()}))
        before = item.forms[-1].fields
        thread.changes += 1
        item.forms.append(ItemForm(fields))
        return ("PATCH", f"/sandbox/threads/{thread.id}/items/{item.id}",
                encode({key: value for key, value in fields.items() if value != before[key]}))

    def change_thread(self, thread):
        fields = dict(thread.now.fields)
        if self.rng.random() < 0.6:
            change = {"title": self.title()}
        else:
            kind = self.rng.choice(("active", "locked", "closed"))
            reason = {} if kind == "active" else {"reason": self.rng.choice((None, "too old"))}
            change = {"status": {"type": kind, **reason}}
        thread.changes += 1
        fields.update(change)
        thread.forms.append(ThreadForm(fields))
        return "PATCH", f"/sandbox/threads/{thread.id}", encode(change)

    def delete_thread(self, thread):
        thread.deleted = True
        return "DELETE", f"/v1/chatkit/threads/{thread.id}", None

    def change(self):
        """A random one, and what it is for who reads about it."""
        alive = self.alive()
        kind = self.rng.choices(("threads", "items", "finish", "title", "delete"),
                                (4, 30, 30, 20, 2 if len(alive) < 25 else 12))[0]
        changing = [thread for thread in alive if thread.changes < 200]  # versions are 255
        thread = self.rng.choice(changing) if changing else None
        if not thread or (kind == "threads" and len(alive) < 40):
            return self.add_threads()
        if kind == "title":
            return self.change_thread(thread)
        if kind == "delete":
            return self.delete_thread(thread)
        if kind == "finish":
            pending = [(thread, item) for thread in changing for item in thread.items
                       if not item.forms[-1].finished]
            if pending:
                return self.change_item(*self.rng.choice(pending))
        return self.add_items(thread) if len(thread.items) < 40 else self.change_thread(thread)


class Low:
    """The oldest state that a reader may see of a file: it has seen this one."""

    def __init__(self, head=0, items=()):
        self.head = head
        self.items = tuple(items)

    def __repr__(self):
        return f"head {self.head}, items {list(self.items)}"


def parts_of(thread, name):
    """The heads that a transcript has had, and for each item (bytes, finished) of its forms."""
    if name == "thread.md":
        return [form.md for form in thread.forms], [
            [(form.md, form.finished) for form in item.forms] for item in thread.items]
    return [b""], [[(form.line, form.finished) for form in item.forms] for item in thread.items]


def match_transcript(blob, thread, name, low, whole):
    """The oldest state, not older than low, whose bytes these are, or (not whole) begins with them;
    None where there is none."""
    heads, items = parts_of(thread, name)

    def go_on(at, chosen):
        number = len(chosen)
        ended = at == len(blob)
        if ended and (not whole or (number >= len(low.items) and (
                not chosen or items[number - 1][chosen[-1]][1]))):
            return chosen
        if number == len(items):
            return None
        first = low.items[number] if number < len(low.items) else 0
        for index in range(first, len(items[number])):
            part = items[number][index][0]
            if blob.startswith(part, at):
                found = go_on(at + len(part), chosen + (index,))
                if found is not None:
                    return found
            elif not whole and part.startswith(blob[at:]):
                return chosen
        return None

    for head in range(low.head, len(heads)):
        if blob.startswith(heads[head]):
            found = go_on(len(heads[head]), ())
            if found is not None:
                return Low(head, found)
        elif not whole and heads[head].startswith(blob):
            return Low(head)
    return None


def sizes_of_transcript(thread, name, low):
    """All that may be its size."""
    heads, items = parts_of(thread, name)
    sums = {len(head) for head in heads[low.head:]}
    sizes = set() if low.items else set(sums)
    for number, forms in enumerate(items):
        first = low.items[number] if number < len(low.items) else 0
        if number + 1 >= len(low.items):
            sizes |= {at + len(part) for at in sums for part, ended in forms[first:] if ended}
        sums = {at + len(part) for at in sums for part, _ in forms[first:]}
    return sizes


def forms_of(thread, name):
    """All that a file other than a transcript has been, in its order."""
    if name == "thread.json":
        return [form.json for form in thread.forms]
    forms = thread.items[int(name[:4]) - 1].forms
    return [form.json if name.endswith(".json") else form.md for form in forms]


def present(thread, name):
    """The bytes of a file as the server has it."""
    if name in ("thread.md", "items.jsonl"):
        heads, items = parts_of(thread, name)
        return heads[-1] + b"".join(forms[-1][0] for forms in items[:thread.settled()])
    return forms_of(thread, name)[-1]

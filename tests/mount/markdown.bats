# SPDX-License-Identifier: MIT
# The .md files read as they are meant to, by people and by readers of Markdown and YAML.

load helper

# One test reads ten thousand files twice, by a process each.
WATCHDOG=$((240 * SLOWER))

# Debian's, which has PyYAML; the python3 that comes first in PATH may be another.
PYTHON=/usr/bin/python3

setup_file() {
    start_sandbox_with < <($PYTHON "$BATS_TEST_DIRNAME/markdown.py" account)
}

# reads WHAT: what cmark reads in the conversations of markdown.py is what their authors meant;
# prints how much was compared.
reads() {
    mount_fs
    $PYTHON "$BATS_TEST_DIRNAME/markdown.py" "$1" "$MNT"
}

# heads_and_items: each thread.md is front matter, the title as a heading, and the items' .md in
# order up to the last finished one, byte for byte; for accounts whose titles hold no other Markdown
# than asterisks.
heads_and_items() {
    $PYTHON - "$MNT" "$ACCOUNT" <<'END'
import glob, json, sys
from datetime import datetime, timezone

def head(thread):
    status = thread.get("status") or {}
    fields = [thread.get(name) for name in ("id", "title", "user")]
    fields += [status.get("type"), status.get("reason")]
    values = [json.dumps(value, ensure_ascii=False) for value in fields]
    values.append(datetime.fromtimestamp(thread["created_at"], timezone.utc)
                  .strftime("%Y-%m-%dT%H:%M:%SZ"))
    names = ("id", "title", "user", "status", "reason", "created")
    matter = "".join(f"{name}: {value}\n" for name, value in zip(names, values))
    title = thread["title"] if (thread["title"] or "").strip() else thread["id"]
    title = title.replace("*", "\\*")
    return f"---\n{matter}---\n\n# {title}\n\n".encode()

def read(path):
    with open(path, "rb") as file:
        return file.read()

for entry in json.load(open(sys.argv[2])):
    folder = f"{sys.argv[1]}/{entry['thread']['id']}"
    items = sorted(glob.glob(f"{folder}/[0-9]*.md"))
    assert len(items) == len(entry["items"]), folder
    while items and entry["items"][len(items) - 1].get("status") == "in_progress":
        items.pop()
    whole, wanted = read(f"{folder}/thread.md"), head(entry["thread"]) + b"".join(map(read, items))
    assert whole == wanted, (folder, whole[:600], wanted[:600])
END
}

# item JSON: mounts, with this as the one item of thread cthr_links, token by token.
item() {
    control POST /faults "{\"kind\": \"body\", \"match\": \"cthr_links/items\",
        \"body\": {\"data\": [$1], \"has_more\": false}}" >/dev/null
    mount_fs
    cd "$MNT/cthr_links/"
}

@test "each message has the blocks that its author's text has alone, in its .md and in thread.md" {
    expect "$(reads messages)" 113
}

# For 10,000 texts that try: see strangers.py, and tests/conformance/markdown.mjs for what is read.
@test "no item changes how another one is read, by cmark and by a renderer that shows HTML" {
    export NODE_PATH
    NODE_PATH=$(dirname "$CHATKITFS")/conformance/node_modules
    if [[ ! -e $NODE_PATH/.installed ]]; then
        echo "markdown-it and parse5 are not installed, run scripts/install-client" >&2
        return 1
    fi
    start_sandbox_with < <($PYTHON "$BATS_TEST_DIRNAME/markdown.py" strangers)
    mount_fs
    expect "$(set -o pipefail
        $PYTHON "$BATS_TEST_DIRNAME/markdown.py" rendered "$MNT" |
            node "$REPOSITORY/tests/conformance/markdown.mjs")" 30000
}

@test "the parts of a message don't run into each other: lists, indented code, sources" {
    expect "$(reads parts)" $((2 * (15 * 18 + 3) + 2 * 18))
}

@test "a quotation has the blocks of its text, within one block quote" {
    expect "$(reads quotes)" 113
}

@test "fences hold all of a payload, whatever it has of fences itself" {
    expect "$(reads code)" 200
}

@test "names and links are read as they are, whatever Markdown they hold" {
    reads links
}

@test "the front matter is YAML for any title, user, status and time, and the title a heading" {
    start_sandbox_with < <($PYTHON "$BATS_TEST_DIRNAME/front_matter.py" account)
    mount_fs
    expect "$($PYTHON "$BATS_TEST_DIRNAME/front_matter.py" check "$ACCOUNT" "$MNT")" 300
}

@test "thread.md is front matter, title and the items' .md, for every thread of the sample" {
    start_sandbox
    mount_fs
    heads_and_items
}

@test "so it is for every thread of a generated account" {
    start_sandbox --generate 14x110
    mount_fs
    heads_and_items
}

@test "a user's message, with quotation, attachments and inference options" {
    item '{"id": "cthi_1", "type": "chatkit.user_message", "created_at": 1783300069, "content": [
        {"type": "quoted_text", "text": "Shipping takes\n\nthree days."},
        {"type": "input_text", "text": "Is this **still** true?\nI ordered on Monday."}],
        "attachments": [
        {"type": "image", "id": "cfile_1", "name": "order [1].png", "mime_type": "image/png",
         "preview_url": "https://files.example.com/p (1).png"},
        {"type": "file", "id": "cfile_2", "name": "invoice.pdf", "mime_type": "application/pdf",
         "preview_url": null}],
        "inference_options": {"tool_choice": {"id": "search"}, "model": "gpt-5"}}'
    diff 0001-user.md - <<'END'
## user · 2026-07-06 01:07:49 UTC

> Shipping takes
>
> three days.

Is this **still** true?
I ordered on Monday.

Attachments:

- [order [1].png](https://files.example.com/p%20%281%29.png) (image/png)
- invoice.pdf (application/pdf)

_(model: gpt-5, tool: search)_

END
    cd /
}

@test "an assistant's message, with sources, which are numbered" {
    item '{"id": "cthi_1", "type": "chatkit.assistant_message", "created_at": 1783300074, "content": [
        {"type": "output_text", "text": "It is, see the rules.", "annotations": [
        {"type": "file", "source": {"type": "file", "filename": "shipping_rules.md"}},
        {"type": "url", "source": {"type": "url", "title": "Shipping [2026]",
         "url": "https://example.com/shipping?a=1&b=2"}},
        {"type": "url", "source": {"type": "url", "url": "https://example.com/faq"}}]},
        {"type": "output_text", "text": "Anything else?", "annotations": []}]}'
    diff 0001-assistant.md - <<'END'
## assistant · 2026-07-06 01:07:54 UTC

It is, see the rules.

Sources:

1. shipping_rules.md
2. [Shipping [2026]](https://example.com/shipping?a=1&b=2)
3. [https://example.com/faq](https://example.com/faq)

Anything else?

END
    cd /
}

@test "a widget, component by component, then as it was sent" {
    local widget
    widget=$(jq -c . <<'END'
{"type": "Card", "children": [
 {"type": "Title", "value": "Order 7"},
 {"type": "Text", "value": "Two lamps, 10 * 2 cm"},
 {"type": "Row", "children": [{"type": "Badge", "label": "Paid"},
  {"type": "Caption", "value": "139 EUR"}, {"type": "Button", "label": "Track"}]},
 {"type": "ListView", "children": [
  {"type": "ListViewItem", "children": [{"type": "Text", "value": "Vik lamp"},
   {"type": "Badge", "label": "In stock"}]},
  {"type": "ListViewItem", "children": [{"type": "Text", "value": "Heron lamp"}]}]},
 {"type": "Markdown", "value": "Use *either*:\n\n- cash\n- card"},
 {"type": "Image", "src": "https://example.com/lamp.png", "alt": "A lamp"},
 {"type": "Checkbox", "label": "Gift wrap", "defaultChecked": true},
 {"type": "Checkbox", "label": "Newsletter"},
 {"type": "Select", "placeholder": "Country", "options": [
  {"label": "Norway", "value": "no"}, {"label": "Peru", "value": "pe"}]},
 {"type": "Hologram", "caption": "A new thing", "depth": 3}]}
END
    )
    item "$(jq -n --arg widget "$widget" \
        '{id: "cthi_1", type: "chatkit.widget", created_at: 1783300080, $widget}')"
    diff 0001-widget.md - <<END
## widget · 2026-07-06 01:08:00 UTC

**Order 7**

Two lamps, 10 \\* 2 cm

Paid · 139 EUR · [Track]

- Vik lamp · In stock
- Heron lamp

Use *either*:

- cash
- card

[A lamp](https://example.com/lamp.png)

[x] Gift wrap

[ ] Newsletter

Country · ( ) Norway · ( ) Peru

A new thing

Widget:

\`\`\`json
$widget
\`\`\`

END
    cd /
}

@test "a tool call, with arguments and output" {
    item '{"id": "cthi_1", "type": "chatkit.client_tool_call", "created_at": 1783300081,
        "status": "completed", "call_id": "call_1", "name": "look_up_order",
        "arguments": "{\"order\":7.50,\"fields\":[\"state\",\"caf\\u00e9\"],\"note\":\"```\",\"x\":{}}",
        "output": "shipped\non Monday"}'
    diff 0001-tool.md - <<'END'
## tool · 2026-07-06 01:08:01 UTC

**look_up_order** (call_1, completed)

Arguments:

````json
{
  "order": 7.50,
  "fields": [
    "state",
    "café"
  ],
  "note": "```",
  "x": {}
}
````

Output:

```
shipped
on Monday
```

END
    cd /
}

@test "a tool call that has no output yet" {
    item '{"id": "cthi_1", "type": "client_tool_call", "status": "in_progress", "call_id": "call_2",
        "name": "wait", "arguments": "{}", "output": null}'
    diff 0001-tool.md - <<'END'
## tool · no time

**wait** (call_2, in_progress)

Arguments:

```json
{}
```

END
    cd /
}

@test "a task" {
    item '{"id": "cthi_1", "type": "chatkit.task", "created_at": 1783300083, "task_type": "custom",
        "heading": "Searching the *catalogue*", "summary": "Lamps, **80–160** EUR"}'
    diff 0001-task.md - <<'END'
## task · 2026-07-06 01:08:03 UTC

**Searching the \*catalogue\*** (custom)

Lamps, **80–160** EUR

END
    cd /
}

@test "a group of tasks" {
    item '{"id": "cthi_1", "type": "chatkit.task_group", "created_at": 1783300084, "tasks": [
        {"type": "thought", "heading": "Thinking", "summary": "One\n\n- two"},
        {"type": "custom", "heading": null, "summary": "No heading"},
        {"type": "custom", "heading": "No summary", "summary": null}]}'
    diff 0001-tasks.md - <<'END'
## tasks · 2026-07-06 01:08:04 UTC

**Thinking** (thought)

One

- two

**Task** (custom)

No heading

**No summary** (custom)

END
    cd /
}

@test "an item of a type that this version does not know: its texts, then all of it" {
    item '{"id": "cthi_1", "type": "chatkit.hologram", "created_at": 1783300085,
        "caption": "A blue whale", "depth": 2.50, "layers": [{"text": "Krill"}]}'
    diff 0001-hologram.md - <<'END'
## hologram · 2026-07-06 01:08:05 UTC

A blue whale

Krill

Item:

```json
{
  "id": "cthi_1",
  "type": "chatkit.hologram",
  "created_at": 1783300085,
  "caption": "A blue whale",
  "depth": 2.50,
  "layers": [
    {
      "text": "Krill"
    }
  ]
}
```

END
    cd /
}

@test "controls are shown as pictures, and what is not shown is named" {
    item '{"id": "cthi_1", "type": "user_message", "created_at": 1783300086, "content": [
        {"type": "input_text", "text": "\u001b[2Jgone\u0000\u007f\u009b\r\n\tkept\u0007"},
        {"type": "quoted_text", "text": "\u0001\u0085"}],
        "attachments": [{"id": "cfile_1", "name": "a\u0008\n.png"}], "mood": "good", "\u001b": 1}'
    diff 0001-user.md - <<'END'
## user · 2026-07-06 01:08:06 UTC

␛[2Jgone␀␡�
	kept␇

> ␁�

Attachments:

- a␈ .png

_(not shown here, see the .json: mood, ␛)_

END
    cd /
}

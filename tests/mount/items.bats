# SPDX-License-Identifier: MIT
# Items are numbered files.

load helper

setup_file() {
    start_sandbox
}

# The names that each thread's folder must have, after its id, from the types of its items.
expected_names() {
    account '.[] | .thread.id + "/" + ((.items | to_entries[]
        | (("000\(.key + 1)")[-4:]) + "-" + ({
            user_message: "user", assistant_message: "assistant", widget: "widget",
            client_tool_call: "tool", task: "task", task_group: "tasks"
          }[.value.type | sub("^chatkit[.]"; "")])
        | . + ".json", . + ".md"), "thread.json", "thread.md")'
}

# The id of the first thread of which that jq condition is true.
thread_with() {
    account "first(.[] | select($1)).thread.id"
}

@test "items are files NNNN-ROLE.json and .md in order of creation, in every thread" {
    mount_fs
    local id
    for id in $(account '.[].thread.id'); do
        ls -U "$MNT/$id/" | sed "s,^,$id/,"
    done >"$BATS_TEST_TMPDIR/names"
    diff "$BATS_TEST_TMPDIR/names" <(expected_names)
}

@test "items are asked for in ascending order, with the cursor of the page before" {
    local id
    id=$(thread_with '.items | length == 278')
    mount_fs
    ls "$MNT/$id/" >/dev/null
    local path="GET /v1/chatkit/threads/$id/items?limit=100&order=asc"
    expect "$(request_lines | grep /items)" "$path
$path&after=$(account "first(.[] | select(.thread.id == \"$id\")).items[99].id")
$path&after=$(account "first(.[] | select(.thread.id == \"$id\")).items[199].id")"
}

@test "a thread of 278 items has every one of them once" {
    local id
    id=$(thread_with '.items | length == 278')
    mount_fs
    expect "$(ls "$MNT/$id/" | grep -c '^[0-9]*-.*json$')" 278
    cat "$MNT/$id"/[0-9]*.json | diff - <(jq "first(.[] | select(.thread.id == \"$id\")).items[]" \
        "$ACCOUNT")
}

@test "a thread of exactly 100 items takes one page" {
    local id
    id=$(thread_with '.items | length == 100')
    mount_fs
    expect "$(ls "$MNT/$id/" | wc -l)" 202
    expect_requests 1 "/items"
}

@test "a thread without items has its own two files" {
    local id
    id=$(thread_with '.items == []')
    mount_fs
    expect "$(ls "$MNT/$id/" | xargs)" "thread.json thread.md"
    expect_requests 2 "/items" # an empty page is asked for twice
}

@test "the .json of every item is what the server has, as jq shows it" {
    mount_fs
    local id
    for id in $(account '.[].thread.id'); do
        cat "$MNT/$id"/[0-9]*.json 2>/dev/null || [[ -z $(ls "$MNT/$id/" | grep ^0001) ]]
    done >"$BATS_TEST_TMPDIR/items"
    cmp "$BATS_TEST_TMPDIR/items" <(jq '.[].items[]' "$ACCOUNT")
}

@test "the .json of a generated account's items has the same values" {
    start_sandbox --generate 40x120
    mount_fs
    cat "$MNT"/*/[0-9]*.json | jq -S . >"$BATS_TEST_TMPDIR/items"
    cmp <(jq -s 'sort_by(.id)[]' "$BATS_TEST_TMPDIR/items") \
        <(jq -S '[.[].items[]] | sort_by(.id)[]' "$ACCOUNT")
}

@test "every text, quotation, attachment, annotation, task and tool call is in its .md" {
    mount_fs
    python3 - "$MNT" "$ACCOUNT" <<'END'
import glob, json, re, sys

class Name(str):
    """Stands there with backslashes before what would be read as Markdown."""

def unescaped(text):
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)

def words(item):
    """What must stand in the item's .md, word for word."""
    kind = item["type"].replace("chatkit.", "")
    if kind in ("user_message", "assistant_message"):
        for content in item["content"]:
            if content["type"] == "quoted_text":
                yield from ("> " + line for line in content["text"].split("\n") if line)
            else:
                yield content["text"]
            for annotation in content.get("annotations") or []:
                source = annotation["source"]
                yield Name(source.get("filename") or source.get("title") or source["url"])
                if source.get("url"):
                    yield source["url"].replace("(", "%28").replace(")", "%29")
        for attachment in item.get("attachments") or []:
            yield Name(attachment["name"])
            yield attachment["mime_type"]
            yield attachment["preview_url"] or ""
    elif kind == "client_tool_call":
        yield Name(item["name"])
        for text in (item["arguments"], item["output"]):
            if text:
                yield from strings(text)
    elif kind == "widget":
        yield from strings(item["widget"])
    else:
        for task in item.get("tasks", [item]):
            yield Name(task.get("heading") or "")
            yield task.get("summary") or ""

def strings(text):
    """The values in a JSON text, as the text writes them."""
    try:
        value = json.loads(text)
    except ValueError:
        yield text
        return
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, str):
            yield json.dumps(value, ensure_ascii=False)[1:-1]

checked = 0
for entry in json.load(open(sys.argv[2])):
    for number, item in enumerate(entry["items"], 1):
        [path] = glob.glob(f"{sys.argv[1]}/{entry['thread']['id']}/{number:04}-*.md")
        shown = open(path, encoding="utf-8", newline="").read()
        for text in words(item):
            text = type(text)(re.sub("[\u202a-\u202e\u2066-\u2069]", "\u2426", text))
            assert text in (unescaped(shown) if isinstance(text, Name) else shown), \
                (path, text, shown)
            checked += 1
assert checked > 700, checked
END
}

@test "thread.md is its head, then every item's .md" {
    local id
    id=$(thread_with '.items | length == 278')
    mount_fs
    cat "$MNT/$id"/[0-9]*.md >"$BATS_TEST_TMPDIR/items"
    cmp "$BATS_TEST_TMPDIR/items" \
        <(tail -c "$(stat -c %s "$BATS_TEST_TMPDIR/items")" "$MNT/$id/thread.md")
    expect "$(head -n 1 "$MNT/$id/thread.md")" "---"
}

@test "all six types are known in both spellings, and others by their own name" {
    start_sandbox_with < <(jq -n '[
        "user_message", "assistant_message", "widget", "client_tool_call", "task", "task_group",
        "future/thing é", "-"] | {thread: {id: "cthr_1"}, items: (map({type: .}) +
        map({type: ("chatkit." + .)}) | to_entries | map({id: "cthi_\(.key)"} + .value))}')
    mount_fs
    expect "$(ls "$MNT/cthr_1" | grep 'json$' | xargs -n 8)" \
        "$(echo 000{1-user,2-assistant,3-widget,4-tool,5-task,6-tasks,7-future-thing-é,8-item}.json
           echo 00{09-user,10-assistant,11-widget,12-tool,13-task,14-tasks,15-future-thing-é,16-item}.json
           echo thread.json)"
}

@test "an item of an unknown type keeps its JSON and shows its text" {
    start_sandbox_with <<'END'
{"thread": {"id": "cthr_1"}, "items": [{"id": "cthi_1", "type": "chatkit.hologram",
 "depth": 2.50, "layers": [{"caption": "A blue whale"}]}]}
END
    mount_fs
    expect "$(cat "$MNT/cthr_1/0001-hologram.json")" '{
  "id": "cthi_1",
  "type": "chatkit.hologram",
  "depth": 2.50,
  "layers": [
    {
      "caption": "A blue whale"
    }
  ]
}'
    grep -x 'A blue whale' "$MNT/cthr_1/0001-hologram.md"
    grep -F '"depth": 2.50' "$MNT/cthr_1/0001-hologram.md"
}

@test "the reference's own example items, with fields missing, are files" {
    start_sandbox_with <<'END'
{"thread": {"id": "cthr_abc123", "object": "chatkit.thread", "title": "Customer escalation"},
 "items": [
    {
      "id": "cthi_user_001",
      "object": "chatkit.thread_item",
      "type": "user_message",
      "content": [
        {
          "type": "input_text",
          "text": "I need help debugging an onboarding issue."
        }
      ],
      "attachments": []
    },
    {
      "id": "cthi_assistant_002",
      "object": "chatkit.thread_item",
      "type": "assistant_message",
      "content": [
        {
          "type": "output_text",
          "text": "Let's start by confirming the workflow version you deployed."
        }
      ]
    }
 ]}
END
    fault patch . 'times: null, patch: {drop: ["first_id", "last_id"]}'
    mount_fs
    cd "$MNT/Customer-escalation.cthr_abc123"
    expect "$(ls | xargs)" \
        "0001-user.json 0001-user.md 0002-assistant.json 0002-assistant.md thread.json thread.md"
    diff 0001-user.json <(jq '.[0].items[0]' "$ACCOUNT")
    diff 0002-assistant.json <(jq '.[0].items[1]' "$ACCOUNT")
    grep -x 'I need help debugging an onboarding issue.' 0001-user.md
    grep -x "Let's start by confirming the workflow version you deployed." 0002-assistant.md
    cd /
}

@test "items that are hardly items are files all the same" {
    start_sandbox_with <<'END'
{"thread": {"id": "cthr_1", "created_at": 1700000000}, "items": [
 {"id": "cthi_1"}, {"type": "user_message"}, {"id": "cthi_3", "type": "user_message", "content": null},
 {"id": "cthi_4", "type": "task_group", "tasks": [{}]}, {"id": "cthi_5", "type": 7, "created_at": "x"},
 {"id": "cthi_6", "type": "assistant_message", "content": "plain text, lone \ud83d and \u0000 too"}]}
END
    mount_fs
    expect "$(ls "$MNT/cthr_1" | grep -c '^000[1-6]-.*[.]json$')" 6
    expect "$(ls "$MNT/cthr_1" | grep -c '^000[1-6]-.*[.]md$')" 6
    grep -F 'plain text, lone' "$MNT/cthr_1/0006-assistant.md"
    grep -F '"plain text, lone \ud83d and \u0000 too"' "$MNT/cthr_1/0006-assistant.json"
    expect "$(stat -c %Y "$MNT/cthr_1/0001-item.json")" 1700000000
}

@test "text can't drive the terminal that shows it" {
    start_sandbox_with <<'END'
{"thread": {"id": "cthr_1", "title": "\u001b]0;title\u0007"}, "items": [{"id": "cthi_1", "type": "user_message",
 "content": [{"type": "input_text", "text": "\u001b[2Jgone\u009b31m\u007f\r\n\tkept"}]}]}
END
    mount_fs
    run -1 grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' -r "$MNT"
    grep -F '␛[2Jgone' "$MNT/cthr_1/0001-user.md"
    grep -P '^\tkept$' "$MNT/cthr_1/0001-user.md"
}

@test "a fence can't be ended by what is in it" {
    start_sandbox_with <<'END'
{"thread": {"id": "cthr_1"}, "items": [{"id": "cthi_1", "type": "client_tool_call", "name": "run",
 "arguments": "```\n# not a heading\n````", "output": null, "status": "completed"}]}
END
    mount_fs
    expect "$(grep -c '^`````$' "$MNT/cthr_1/0001-tool.md")" 2
}

@test "items.jsonl is not listed, and opens by its name: one item a line" {
    local id
    id=$(thread_with '.items | length == 278')
    mount_fs
    expect "$(ls "$MNT/$id/" | grep -c jsonl || true)" 0
    cmp "$MNT/$id/items.jsonl" <(jq -c "first(.[] | select(.thread.id == \"$id\")).items[]" "$ACCOUNT")
    expect "$(stat -c %s "$MNT/$id/items.jsonl")" "$(wc -c <"$MNT/$id/items.jsonl")"
}

@test "items.jsonl of a thread without items is empty" {
    mount_fs
    expect "$(wc -c <"$MNT/$(thread_with '.items == []')/items.jsonl")" 0
}

@test "a smaller --page-size asks for smaller pages" {
    local id
    id=$(thread_with '.items | length == 100')
    mount_fs --page-size=30
    ls "$MNT" >/dev/null
    expect_requests 2 "/threads[?]limit=30&"
    expect "$(ls "$MNT/$id/" | wc -l)" 202
    expect_requests 4 "/items[?]limit=30&"
}

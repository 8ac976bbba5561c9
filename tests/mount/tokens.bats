# SPDX-License-Identifier: MIT
# The .json files and items.jsonl hold what the server sent: its tokens, laid out anew.

load helper

setup_file() {
    start_sandbox
}

# matches: every .json and items.jsonl of the mount holds what the account's bytes say; prints how
# many threads and items there are. Not by way of jq, which changes numbers and escapes.
matches() {
    python3 "$BATS_TEST_DIRNAME/json_oracle.py" "$ACCOUNT" "$MNT"
}

# answer BODY: one page of the thread's items with exactly this body, printf's escapes in it.
answer() {
    printf "$1" | python3 -c '
import json, sys
body = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
json.dump({"kind": "body", "match": "/items", "body": body}, sys.stdout)' >"$BATS_TEST_TMPDIR/fault"
    control POST /faults "$(<"$BATS_TEST_TMPDIR/fault")" >/dev/null
}

one_thread() {
    start_sandbox_with <<<'{"thread": {"id": "cthr_1"}, "items": []}'
}

@test "every .json and items.jsonl of the sample account has the server's tokens" {
    mount_fs
    expect "$(matches)" "$(account 'length + ([.[].items[]] | length)')"
}

@test "so they have with numbers, escapes and bytes that no decoder would leave as they are" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/odd_json.py" odd)
    mount_fs
    expect "$(matches)" $((6 * 71))
}

@test "so they have over many pages" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/odd_json.py" odd)
    mount_fs --page-size=7
    expect "$(matches)" $((6 * 71))
    expect_requests 60 /items
}

@test "the layout is that of jq, where jq changes no token" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/odd_json.py" plain)
    mount_fs
    cat "$MNT"/cthr_{0..5}/thread.json | cmp - <(jq '.[].thread' "$ACCOUNT")
    cat "$MNT"/cthr_{0..5}/[0-9]*.json | cmp - <(jq '.[].items[]' "$ACCOUNT")
    cat "$MNT"/cthr_{0..5}/items.jsonl | cmp - <(jq -c '.[].items[]' "$ACCOUNT")
}

@test "numbers, escapes, doubled keys, empty containers and bytes stand as they were sent" {
    local bytes=$'\xff\xc3('
    start_sandbox_with <<END
{"thread": {"id": "cthr_1"}, "items": [{"id": "cthi_1", "n": [9007199254740993, 2.50, 1e400, -0,
1E+2, NaN, Infinity, -Infinity], "s": ["\\ud83d\\ude00", "\\u0000", "\\ud83d", "\\/", "\\u0041", "é😀",
"$bytes"], "e": {}, "e": [ ], "e": { }, "": 0}]}
END
    mount_fs
    cmp "$MNT/cthr_1/0001-item.json" - <<END
{
  "id": "cthi_1",
  "n": [
    9007199254740993,
    2.50,
    1e400,
    -0,
    1E+2,
    NaN,
    Infinity,
    -Infinity
  ],
  "s": [
    "\\ud83d\\ude00",
    "\\u0000",
    "\\ud83d",
    "\\/",
    "\\u0041",
    "é😀",
    "$bytes"
  ],
  "e": {},
  "e": [],
  "e": {},
  "": 0
}
END
    printf '%s' '{"id":"cthi_1","n":[9007199254740993,2.50,1e400,-0,1E+2,NaN,Infinity,-Infinity],' \
        '"s":["\ud83d\ude00","\u0000","\ud83d","\/","\u0041","é😀","'"$bytes"'"],' \
        '"e":{},"e":[],"e":{},"":0}' $'\n' | cmp - "$MNT/cthr_1/items.jsonl"
}

@test "white space of any kind between the server's tokens is gone" {
    one_thread
    answer '\r\n{\t"data" :\r\n[ {\r\n\t"id"\t:"cthi_1",\r\n "a" : [ 1 ,\t2\r\n], "b":{ \t} }\r\n\t,{"id":\n"cthi_2"}\t],"has_more":\r\nfalse\t}\r\n'
    mount_fs
    cmp "$MNT/cthr_1/0001-item.json" - <<'END'
{
  "id": "cthi_1",
  "a": [
    1,
    2
  ],
  "b": {}
}
END
    cmp "$MNT/cthr_1/items.jsonl" - <<'END'
{"id":"cthi_1","a":[1,2],"b":{}}
{"id":"cthi_2"}
END
}

@test "a raw line break in a string is escaped in items.jsonl, which has a line for each item" {
    one_thread
    answer '{"data":[{"id":"cthi_1","t":"one\ntwo\r\nthree\tfour\x01","u\nv":""},{"id":"cthi_2"}],"has_more":false}'
    mount_fs
    printf '%s\n' '{"id":"cthi_1","t":"one\ntwo\r\nthree'$'\tfour\x01''","u\nv":""}' \
        '{"id":"cthi_2"}' | cmp - "$MNT/cthr_1/items.jsonl"
    printf '{\n  "id": "cthi_1",\n  "t": "one\ntwo\r\nthree\tfour\x01",\n  "u\nv": ""\n}\n' |
        cmp - "$MNT/cthr_1/0001-item.json"
    expect "$(wc -c <"$MNT/cthr_1/items.jsonl")" "$(stat -c %s "$MNT/cthr_1/items.jsonl")"
}

@test "every thread of a generated account has its tokens, and a line for each of its items" {
    start_sandbox --generate 12x130
    mount_fs
    expect "$(matches)" "$(account 'length + ([.[].items[]] | length)')"
    cat "$MNT"/*/items.jsonl | jq -sS 'sort_by(.id)[]' |
        cmp - <(jq -S '[.[].items[]] | sort_by(.id)[]' "$ACCOUNT")
}

@test "a thread that is found by its id has the server's tokens as well" {
    start_sandbox_with <<'END'
[{"thread": {"id": "cthr_1", "created_at": 1.0E0, "x": [2.50, "\u0041", "\ud83d"]}},
 {"thread": {"id": "cthr_2", "created_at": 2}}]
END
    mount_fs --page-size=1
    cmp "$MNT/cthr_1/thread.json" - <<'END'
{
  "id": "cthr_1",
  "created_at": 1.0E0,
  "x": [
    2.50,
    "\u0041",
    "\ud83d"
  ]
}
END
    expect_requests 2
    expect_requests 1 '/threads/cthr_1$'
}

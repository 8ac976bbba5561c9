# SPDX-License-Identifier: MIT
# Threads are folders.

load helper

setup_file() {
    start_sandbox
}

# three_pages: an account of 250 threads instead of the sample.
three_pages() {
    start_sandbox --generate 250x3
}

@test "threads are listed newest first" {
    mount_fs
    expect "$(ls -U "$MNT" | ids)" "$(account 'reverse | .[].thread.id')"
}

@test "every thread is listed once, in order, over three pages" {
    three_pages
    mount_fs
    expect "$(ls -U "$MNT" | ids)" "$(account 'reverse | .[].thread.id')"
    expect_requests 3
}

@test "pages are asked for with limit, order and the cursor of the page before" {
    three_pages
    mount_fs --since=2001-01-01 # else the last one would be asked for from the back
    ls "$MNT" >/dev/null
    local path='GET /v1/chatkit/threads?limit=100&order=desc'
    expect "$(request_lines)" "$path
$path&after=$(account 'reverse | .[99].thread.id')
$path&after=$(account 'reverse | .[199].thread.id')"
}

@test "who reads on past the second page has the listing read from both ends" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 950 0)
    mount_fs
    expect "$(ls -U "$MNT" | ids)" "$(account 'reverse | .[].thread.id')"
    # From the front two pages alone, from the back one alone, then both side by side until they meet.
    local front='GET /v1/chatkit/threads?limit=100&order=desc'
    local back='GET /v1/chatkit/threads?limit=100&order=asc'
    expect "$(request_lines | head -n 3)" "$front
$front&after=cthr_00850
$back"
    expect "$(request_lines | tail -n +4 | sort)" "$(sort <<END
$back&after=cthr_00099
$back&after=cthr_00199
$back&after=cthr_00299
$front&after=cthr_00750
$front&after=cthr_00650
$front&after=cthr_00550
$front&after=cthr_00450
END
)"
}

@test "threads that vanish while a listing is read cost it nothing but themselves" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 950 0)
    mount_fs
    # The reader has got two pages; of the back's pages the first is held.
    fault hold 'order=asc'
    in_background ls -U "$MNT"
    wait_until held 1
    local thread gone=(cthr_00000 cthr_00050 cthr_00099 cthr_00100 cthr_00400 cthr_00500 cthr_00850)
    for thread in "${gone[@]}"; do
        control DELETE "/threads/$thread" >/dev/null
    done
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0
    # 850 was on a page that had come, and the others may have been, as the front's are not held.
    ids <"$BATS_TEST_TMPDIR/reader.out" >"$BATS_TEST_TMPDIR/listed"
    grep -qx cthr_00850 "$BATS_TEST_TMPDIR/listed"
    expect "$(grep -vxF "$(printf '%s\n' "${gone[@]}")" "$BATS_TEST_TMPDIR/listed")" \
        "$(control GET /account | jq -r '[.[].thread.id] | sort | reverse | .[]')"
}

@test "every request has the key and the beta header" {
    mount_fs
    find "$MNT" >/dev/null
    expect "$(control GET /requests |
        jq -r '.requests[].headers | .authorization + " " + ."openai-beta"' | sort -u)" \
        'present chatkit_beta=v1'
}

@test "organization and project are sent when they are set" {
    OPENAI_ORG_ID=org-1 OPENAI_PROJECT_ID=proj-2 mount_fs
    expect "$(control GET /requests | jq -r '.requests[0].headers
        | ."openai-organization" + " " + ."openai-project"')" 'org-1 proj-2'
}

@test "pages without first_id and last_id are followed by the last element's id" {
    three_pages
    mount_fs
    fault patch /threads 'times: null, patch: {drop: ["first_id", "last_id"]}'
    expect "$(ls -U "$MNT" | ids)" "$(account 'reverse | .[].thread.id')"
    expect_requests 3
}

@test "an account of exactly one page takes one request" {
    start_sandbox --generate 100x0
    mount_fs
    expect "$(ls "$MNT" | wc -l)" 100
    expect_requests 1
}

@test "an account without threads is an empty folder" {
    start_sandbox_with <<<'[]'
    mount_fs
    expect "$(ls -A "$MNT")" ""
    expect_requests 2 # what proves nothing is asked for twice
}

@test "folders are named by title and id" {
    # number, title, the expected name without the id that follows
    local cases='[
        ["1", "Customer escalation", "Customer-escalation."],
        ["2", "a/b\\c:d", "a-b-c-d."],
        ["3", "  -- .hidden / ", "hidden."],
        ["4", "???", ""],
        ["5", "", ""],
        ["6", null, ""],
        ["7", "two\nlines\tand \u001b[31mred", "two-lines-and-31mred."],
        ["8", "\u202eevil\u2066\u200b\ufeff", "evil."],
        ["9", "\u2028Grüße, 日本語 🍮", "Grüße-日本語-🍮."],
        ["10", "50% & $5; `rm -rf *`", "50-5-rm-rf."],
        ["11", "snake_case", "snake_case."],
        ["12", "..", ""]
    ]'
    start_sandbox_with < <(jq '[.[] | {thread: {id: "cthr_\(.[0])", title: .[1]}}]' <<<"$cases")
    mount_fs
    expect "$(ls "$MNT" | sort)" "$(jq -r '.[] | .[2] + "cthr_" + .[0]' <<<"$cases" | sort)"
}

@test "a long title is cut at a character so that the name has 255 bytes at most" {
    start_sandbox_with < <(jq -n '{thread: {id: "cthr_long", title: ("日" * 300)}}')
    mount_fs
    local name
    name=$(ls "$MNT")
    # 245 bytes are left for the title: 81 characters of three bytes
    expect "$name" "$(printf '日%.0s' {1..81}).cthr_long"
}

@test "every name of the sample is safe" {
    mount_fs
    python3 - "$MNT" <<'END'
import os, sys, unicodedata
for folder, folders, files in os.walk(os.fsencode(sys.argv[1])):
    for name in folders + files:
        text = name.decode("utf-8")
        assert len(name) <= 255, text
        assert text[0] not in "-.", text
        bad = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Zs")]
        assert not bad, (text, bad)
END
}

@test "thread.json is the thread as jq shows it, for every thread" {
    mount_fs
    local id
    for id in $(account '.[].thread.id'); do
        cat "$MNT/$id/thread.json"
    done >"$BATS_TEST_TMPDIR/threads"
    diff "$BATS_TEST_TMPDIR/threads" <(jq '.[].thread' "$ACCOUNT")
}

@test "thread.json of a generated account has the same values" {
    three_pages
    mount_fs
    cat "$MNT"/*/thread.json | jq -S . >"$BATS_TEST_TMPDIR/threads"
    diff <(jq -s 'sort_by(.id)[]' "$BATS_TEST_TMPDIR/threads") \
        <(jq -S '[.[].thread] | sort_by(.id)[]' "$ACCOUNT")
}

@test "thread.json keeps numbers, escapes, order and unknown fields as they were sent" {
    start_sandbox_with <<'END'
{"thread": {"title":"caf\u00e9 \/","user":"u","zeta":[ ],"alpha":{ },"id":"cthr_1",
 "price":2.50,"big":12345678901234567890123,"tiny":1E-400,"status":{"type":"novel","x":null}}}
END
    mount_fs
    diff "$MNT/cthr_1/thread.json" - <<'END'
{
  "title": "caf\u00e9 \/",
  "user": "u",
  "zeta": [],
  "alpha": {},
  "id": "cthr_1",
  "price": 2.50,
  "big": 12345678901234567890123,
  "tiny": 1E-400,
  "status": {
    "type": "novel",
    "x": null
  }
}
END
}

@test "thread.md begins with title, user, status, reason and creation time" {
    mount_fs
    local locked
    locked=$(account '.[].thread | select(.status.type == "locked" and .status.reason) | .id' |
        head -n 1)
    # The front matter's values are JSON strings, which YAML reads as they are.
    expect "$(head -n 8 "$MNT/$locked/thread.md")" "$(account ".[].thread | select(.id == \"$locked\")
        | \"---\", \"id: \" + (.id | tojson), \"title: \" + (.title | tojson),
          \"user: \" + (.user | tojson), \"status: \" + (.status.type | tojson),
          \"reason: \" + (.status.reason | tojson), \"created: \" + (.created_at | todate), \"---\"")"
}

@test "thread.md names title, user, status, reason and time of every thread" {
    mount_fs
    local id
    for id in $(account '.[].thread.id'); do
        sed -n '2,7s/^[a-z]*: //p' "$MNT/$id/thread.md"
    done >"$BATS_TEST_TMPDIR/heads"
    diff "$BATS_TEST_TMPDIR/heads" <(account '.[].thread
        | (.id, .title, .user, .status.type, .status.reason | tojson), (.created_at | todate)')
}

@test "the reference's own example threads, with fields missing, are folders" {
    start_sandbox_with <<'END'
[{"thread": {"id": "cthr_def456", "object": "chatkit.thread", "title": "Demo feedback"}},
 {"thread": {"id": "cthr_abc123", "object": "chatkit.thread", "title": "Customer escalation"}}]
END
    fault patch /threads 'patch: {drop: ["first_id", "last_id"]}'
    mount_fs
    expect "$(ls -U "$MNT")" "Customer-escalation.cthr_abc123
Demo-feedback.cthr_def456"
    expect "$(cat "$MNT/Demo-feedback.cthr_def456/thread.json")" '{
  "id": "cthr_def456",
  "object": "chatkit.thread",
  "title": "Demo feedback"
}'
    expect "$(cat "$MNT/Demo-feedback.cthr_def456/thread.md")" '---
id: "cthr_def456"
title: "Demo feedback"
user: null
status: null
reason: null
created: null
---

# Demo feedback'
}

@test "one bad title costs neither its page nor its thread" {
    start_sandbox_with <<'END'
[{"thread": {"id": "cthr_1", "title": "lone \ud83d surrogate"}},
 {"thread": {"id": "cthr_2", "title": "null \u0000 inside"}},
 {"thread": {"id": "cthr_3", "title": 42, "status": "active", "user": null}}]
END
    mount_fs
    expect "$(ls "$MNT" | ids | sort | xargs)" "cthr_1 cthr_2 cthr_3"
    grep -F '\ud83d' "$MNT/cthr_1/thread.json"
    grep -F 'null \u0000 inside' "$MNT/cthr_2/thread.json"
    grep -F '"title": 42' "$MNT/cthr_3/thread.json"
}

@test "a server that compresses is read as well" {
    start_sandbox --generate 120x2 --gzip
    mount_fs
    expect "$(ls "$MNT" | wc -l)" 120
}

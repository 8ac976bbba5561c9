# SPDX-License-Identifier: MIT
# What is wrong with one item or thread costs no other: nothing lost, nothing doubled.

load helper

setup_file() {
    start_sandbox_with <<'END'
[{"thread": {"id": "cthr_1", "created_at": 1, "user": "ann"}, "items": [{"id": "cthi_1"}]},
 {"thread": {"id": "cthr_2", "created_at": 2, "user": "bob"}},
 {"thread": {"id": "cthr_3", "created_at": 3, "user": "ann"}}]
END
}

# page GROUP...: a page with such items, see hostile.py, and ordinary ones in between. Checks names,
# numbers, contents and sizes of all files, and that nothing was worth a line in the log.
page() {
    python3 "$BATS_TEST_DIRNAME/hostile.py" plan "$@"
    mount_in_foreground
    python3 "$BATS_TEST_DIRNAME/hostile.py" check "$MNT/cthr_1" "$@"
    expect "$(cat "$LOG")" ""
}

# answer MATCH BODY [FIELDS]: the next such request is answered with this text, to the byte.
answer() {
    fault body "$1" "body: $(printf '%s' "$2" | jq -Rs .)${3:+, $3}"
}

# list_of DATA [LAST]: a page's body; with LAST, JSON, more follows after it.
list_of() {
    local more=false
    ((${#2} == 0)) || more=true
    echo "{\"object\":\"list\",\"data\":[$1],\"last_id\":${2:-null},\"has_more\":$more}"
}

# What a listing gives before it ends or fails, a name a line, and then the error's name.
listing() {
    python3 - "$1" <<'END'
import errno, os, sys
try:
    for entry in os.scandir(sys.argv[1]):
        print(entry.name)
except OSError as error:
    print(errno.errorcode[error.errno])
END
}

@test "text that is no text: lone surrogates, NUL, bytes that are no UTF-8, controls" {
    page text
}

@test "nesting of all 64 levels that an answer may have" {
    page deep
}

# deep LEVELS: an item that has so many.
deep() {
    printf '{"id":"cthi_d","d":%s%s}' "$(printf '[%.0s' $(seq 2 "$1"))" "$(printf ']%.0s' $(seq 2 "$1"))"
}

@test "an answer of more than 64 levels is an error, not a listing without what is deep" {
    local first='{"id":"cthi_a"}' last='{"id":"cthi_z"}'
    mount_in_foreground
    answer /items "$(list_of "$first,$(deep 63),$last")" "times: null"
    expect "$(listing "$MNT/cthr_1")" EIO
    run -1 cat "$MNT/cthr_1/thread.md"
    [[ $output == *"Input/output error" ]] || expect "$output" "Input/output error"
    grep -q 'listing the items of cthr_1: .*deeper than 64 levels.*: check that' "$LOG"
    control DELETE /faults >/dev/null
    answer /items "$(list_of "$first,$(deep 62),$last")"
    expect "$(ls "$MNT/cthr_1/" | grep -c json)" 4
    answer 'threads/cthr_9$' "$(deep 65 | sed s/cthi_d/cthr_9/)" "times: 2"
    run -1 stat "$MNT/cthr_9"
    [[ $output == *"Input/output error" ]] || expect "$output" "Input/output error"
}

@test "texts of 1 MB" {
    page big
}

@test "items without an id, with one that is none, or with one of the same page's others" {
    page ids repeated
}

@test "members, types and elements that are not what they should be, or not known" {
    page types elements unknown
}

@test "all of these in one thread" {
    page repeated text deep ids types elements unknown
}

@test "an item that comes again in a page, byte for byte, is one item" {
    answer /items "$(list_of '{"id":"a","n":1},{"id":"b"},{"id":"a","n":1},{"id":"c"}')"
    mount_fs
    expect "$(cat "$MNT/cthr_1/items.jsonl")" '{"id":"a","n":1}
{"id":"b"}
{"id":"c"}'
    expect "$(ls "$MNT/cthr_1/" | grep -c json)" 4
}

@test "an item that comes again on another page is one item, changed or not" {
    answer 'items[?]limit=100&order=asc$' "$(list_of '{"id":"a"},{"id":"b","n":1}' '"b"')"
    answer 'items[?].*&after=b$' "$(list_of '{"id":"a","n":2},{"id":"c"}' '"c"')"
    answer 'items[?].*&after=c$' "$(list_of '{"id":"d"},{"id":"b","n":1}')"
    mount_fs
    expect "$(cat "$MNT/cthr_1/items.jsonl")" '{"id":"a"}
{"id":"b","n":1}
{"id":"c"}
{"id":"d"}'
    expect "$(ls "$MNT/cthr_1/" | xargs -n 2 | sed 5q)" '0001-item.json 0001-item.md
0002-item.json 0002-item.md
0003-item.json 0003-item.md
0004-item.json 0004-item.md
thread.json thread.md'
}

@test "items without an id are shown on every page on which they are" {
    answer 'items[?]limit=100&order=asc$' "$(list_of '{"n":1},{"n":1},{"id":"b"}' '"b"')"
    answer 'items[?].*&after=b$' "$(list_of '{"n":1},{"n":2}')"
    mount_fs
    expect "$(cat "$MNT/cthr_1/items.jsonl")" '{"n":1}
{"n":1}
{"id":"b"}
{"n":1}
{"n":2}'
}

@test "items without an id are not doubled when a rejected cursor begins the listing again" {
    answer 'items[?]limit=100&order=asc$' "$(list_of '{"n":1},{"id":"a"},{"n":1}' '"x"')"
    answer 'items[?].*&after=x$' "$(list_of '{"n":1},{"id":""},{"id":"b"}' '"b"')"
    fault status 'items[?].*&after=b' 'status: 404'
    # The second time the pages are others.
    answer 'items[?]limit=100&order=asc$' "$(list_of '{"n":1},{"id":"a"}' '"a"')"
    answer 'items[?].*&after=a$' "$(list_of '{"n":1},{"n":1},{"id":""},{"id":"b"},{"n":2}')"
    mount_fs
    run -0 listing "$MNT/cthr_1"
    [[ $output == *$'\nE'* ]] || expect "$output" "an error at the end"
    expect "$(cat "$MNT/cthr_1/items.jsonl")" '{"n":1}
{"id":"a"}
{"n":1}
{"n":1}
{"id":""}
{"id":"b"}
{"n":2}'
}

@test "a page's own names may be spelled with escapes" {
    answer '/threads[?]' '{"d\u0061ta":[{"\u0069d":"cthr_9","\u0074itle":"\u0054itle"}],
        "\u0068\u0061s_mor\u0065":true,"l\u0061st_id":"c\u0074hr_9"}'
    answer 'after=cthr_9$' '{"\u0064ata":[{"id":"cthr_8"}],"has_more":false,"last_id":null}'
    answer cthr_9/items '{"dat\u0061":[{"id":"cthi_1","\u0074ype":"user_\u006dessage"}],"has_more":false}'
    mount_fs
    expect "$(ls -U "$MNT")" "Title.cthr_9
cthr_8"
    expect "$(ls "$MNT/cthr_9/" | xargs)" "0001-user.json 0001-user.md thread.json thread.md"
}

@test "of a page's own names that are doubled the last one counts" {
    answer '/threads[?]' '{"data":[{"id":"cthr_7"}],"data":[{"id":"cthr_9"}],"has_more":true,"has_more":false}'
    mount_fs
    expect "$(ls -U "$MNT")" cthr_9
}

@test "a cursor of items that is no text is an error, not a short listing" {
    local cursor
    mount_fs
    for cursor in '"\ud83d"' '"x\u0000"'; do
        answer cthr_1/items "$(list_of '{"id":"a"}' "$cursor")"
        answer cthr_1/items "$(list_of "{\"id\":\"a\"},{\"id\":$cursor}" null)"
        expect "$(listing "$MNT/cthr_1")" EIO
        run -1 cat "$MNT/cthr_1/thread.md"
        [[ $output == *"Input/output error" ]] || expect "$output" "Input/output error"
    done
    expect_requests 4 cthr_1/items
    expect "$(cat "$MNT/cthr_1/items.jsonl")" '{"id":"cthi_1"}'
}

@test "a cursor of threads that is no text is an error, not a short listing" {
    answer '/threads[?].*after=cthr_3' "$(list_of '{"id":"cthr_2"}' '"\ud83d"')"
    mount_in_foreground --page-size=1
    expect "$(listing "$MNT" | xargs)" "cthr_3 EIO"
    grep -q '^chatkitfs: listing threads: .*cursor.*: check that OPENAI_BASE_URL' "$LOG"
    expect "$(listing "$MNT" | xargs)" "cthr_3 cthr_2 cthr_1"
}

# nameless: the first page of threads, of which some have no id.
nameless() {
    answer '/threads[?]limit=100&order=desc$' "$(list_of '{"id":"cthr_3","title":"Three"},
        {"title":"Lost","user":"ann"},{"title":"Lost","user":"bob"},{"id":7,"title":"Seven"},
        {"id":null},{"id":"cthr_2","title":"Two"},5,{"id":"","title":"Empty"},{"id":"\ud83d"},
        {"id":"cthr_1","user":"ann"}')"
}

@test "threads without an id are folders with a thread.json, and cost the page no other" {
    nameless
    mount_fs
    expect "$(ls -U "$MNT" | sed -E 's/no-id~[0-9a-f]{32}/no-id~HEX/')" 'Three.cthr_3
Lost.no-id~HEX
Lost.no-id~HEX
Seven.no-id~HEX
no-id~HEX
Two.cthr_2
no-id~HEX
Empty.no-id~HEX
%FF"\ud83d"
cthr_1'
    expect "$(ls "$MNT" | sort -u | wc -l)" 10
    expect "$(cat "$MNT"/Lost.*/thread.json | jq -sc 'sort_by(.user)')" \
        '[{"title":"Lost","user":"ann"},{"title":"Lost","user":"bob"}]'
    expect "$(cat "$MNT"/Seven.*/thread.json)" '{
  "id": 7,
  "title": "Seven"
}'
    expect "$(cat "$MNT"/no-id*/thread.json | jq -sc sort)" '[5,{"id":null}]'
    expect "$(cat "$MNT"/%FF*/thread.json)" '{
  "id": "\ud83d"
}'
    expect "$(cat "$MNT/cthr_1/items.jsonl")" '{"id":"cthi_1"}'
}

@test "the listing of a thread without an id fails behind its thread.json" {
    nameless
    mount_in_foreground
    python3 - "$MNT"/*no-id* "$MNT"/%FF* <<'END'
import errno, os, sys
def error_of(name, call, path):
    try:
        call(path)
    except OSError as error:
        assert errno.errorcode[error.errno] == name, (path, error)
    else:
        raise AssertionError((path, name))
assert len(sys.argv) == 8, sys.argv
for folder in sys.argv[1:]:
    names = []
    error_of("EIO", lambda path: [names.append(entry.name) for entry in os.scandir(path)], folder)
    assert names == ["thread.json"], (folder, names)
    for name in "thread.md", "items.jsonl", "0001-user.md":
        error_of("EIO", os.stat, f"{folder}/{name}")
    error_of("ENOENT", os.stat, f"{folder}/anything")
END
    grep -q '^chatkitfs: listing the items of .*no id' "$LOG"
    # Nothing was asked of them, but the walk has fetched the others ahead.
    expect "$(request_lines | grep -vE 'threads\?|/cthr_[1-3]/items\?')" ""
    expect "$(ls "$MNT/Two.cthr_2" | xargs)" "thread.json thread.md"
}

@test "threads without an id are not doubled when a rejected cursor begins the listing again" {
    answer 'order=desc$' "$(list_of '{"title":"Lost"},{"id":"cthr_3"},{"title":"Lost"}' '"x"')"
    answer 'after=x$' "$(list_of '{"title":"Lost"},{"id":"cthr_2"}' '"cthr_2"')"
    fault status 'after=cthr_2$' 'status: 400'
    # The second time the pages are others.
    answer 'order=desc$' "$(list_of '{"title":"Lost"},{"id":"cthr_3"}' '"cthr_3"')"
    answer 'after=cthr_3$' "$(list_of '{"title":"Lost"},{"title":"Lost"},{"id":"cthr_2"},{"id":"cthr_1"}')"
    mount_fs
    expect "$(listing "$MNT" | sed 's/~.*//; s/^E.*/(an error)/' | xargs)" \
        "Lost.no-id cthr_3 Lost.no-id Lost.no-id cthr_2 (an error)"
    expect "$(listing "$MNT" | sed 's/~.*//' | xargs)" \
        "Lost.no-id cthr_3 Lost.no-id Lost.no-id cthr_2 cthr_1"
}

@test "a thread without an id is not doubled when its user's threads are listed as well" {
    answer 'order=desc$' "$(list_of '{"id":"cthr_2","user":"bob"},{"title":"Lost","user":"ann"},
        {"id":"cthr_1","user":"ann"}')"
    answer 'user=ann$' "$(list_of '{"title":"Lost","user":"ann"},{"id":"cthr_1","user":"ann"}')"
    mount_fs --group-by=user
    expect "$(listing "$MNT" | xargs)" "bob ann"
    expect "$(listing "$MNT/ann" | sed 's/~.*//' | xargs)" "Lost.no-id cthr_1"
    expect "$(jq -r .title "$MNT"/ann/Lost.*/thread.json)" Lost
}

# names_account: threads whose users, and others whose titles, hardly make names. Behind a newer
# one, so that with pages of one thread none of them is known to a mount by itself.
names_account() {
    start_sandbox_with < <(python3 - <<'END'
import json
users = ["u" * 512, "日" * 512, "x" * 513, "..", ".", "line\nbreak", "%41", "A", "\ud83d", "\ude00",
         "a\0b", "a\u2400b", "%none", "a/b", " ", "\u202eright", "-x", "~", "", None, 7]
titles = ["", "   ", "\n", "😀" * 300, "..", "/", "\ud83d", "a\0b", None, 7, "cthr_new", "x" * 4000]
threads = [{"id": f"cthr_u{i}", "user": user} for i, user in enumerate(users)]
threads += [{"id": f"cthr_t{i}", "title": title, "user": "A"} for i, title in enumerate(titles)]
threads.append({"id": "cthr_new", "user": "B"})
print(json.dumps([{"thread": {"created_at": i + 1, **thread}} for i, thread in enumerate(threads)]))
END
    )
}

# Not by way of jq, which takes no lone surrogates.
id_of() {
    sed -nE 's/^  "id": "(.*)",?$/\1/p' "$1"
}

# reachable DEPTH OPTION...: every thread is listed once, that deep, and found by its path in
# another mount, where nothing has been listed.
reachable() {
    local depth=$1 path
    shift
    names_account
    mount_fs "$@" --page-size=1
    find "$MNT" -mindepth "$depth" -maxdepth "$depth" -printf '%P\n' >"$BATS_TEST_TMPDIR/paths"
    while read -r path; do
        id_of "$MNT/$path/thread.json"
    done <"$BATS_TEST_TMPDIR/paths" >"$BATS_TEST_TMPDIR/ids"
    expect "$(sort "$BATS_TEST_TMPDIR/ids")" "$(grep -o '"id": "[^"]*' "$ACCOUNT" | cut -c 8- | sort)"
    unmount
    control POST /reset >/dev/null
    mount_fs "$@" --page-size=1
    # Long names last: what they stand for can only be listed.
    while read -r path; do
        id_of "$MNT/$path/thread.json"
    done < <(awk '{ print length($0) " " $0 }' "$BATS_TEST_TMPDIR/paths" | sort -n | cut -d ' ' -f 2-) |
        sort | diff - <(sort "$BATS_TEST_TMPDIR/ids")
}

@test "titles that hardly make names: every thread is listed, and found by its name" {
    reachable 1
    expect_requests 34
    expect_requests 0 'after='
    expect "$(ls "$MNT" | grep cthr_t | sort)" "$(sort <<END
a␀b.cthr_t7
cthr_t0
cthr_t1
cthr_t2
cthr_t4
cthr_t5
cthr_t8
cthr_t9
cthr_new.cthr_t10
�.cthr_t6
$(printf '😀%.0s' {1..61}).cthr_t3
$(printf 'x%.0s' {1..246}).cthr_t11
END
    )"
}

@test "users who hardly make names: every one is a folder, listed and found by its name" {
    reachable 2 --group-by=user
    expect "$(ls "$MNT" | sed -E 's,^(.{20}).*,\1,' | sort)" "$(sort <<END
$(printf 'u%.0s' {1..20})
$(printf 'x%.0s' {1..20})
日日日日日日日日日日日日日日日日日日日日
%2E.
%2E
line%0Abreak
%2541
A
B
%FF"\ud83d"
%FF"\ude00"
%FF"a\u0000b"
a␀b
%25none
a%2Fb
 
%E2%80%AEright
%2Dx
~
%none
END
    )"
}

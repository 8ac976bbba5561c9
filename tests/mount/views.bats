# SPDX-License-Identifier: MIT
# Views of an account: how folders are named, which files are listed, whose threads and since when.

load helper

# Twelve threads, one every six hours from the first of July on, of ann and bob in turn; the thread
# of an hour is called by it. The first has an item.
setup_file() {
    start_sandbox_with < <(jq -n '("2026-07-01T00:00:00Z" | fromdate) as $begin |
        [range(12) | {thread: {id: "cthr_\(. * 6)", title: "Hour \(. * 6)",
            created_at: ($begin + . * 6 * 3600), user: (if . % 2 == 0 then "ann" else "bob" end)},
            items: (if . == 0 then [{id: "cthi_1", type: "user_message"}] else [] end)}]')
}

# The hours of the threads that are listed, in the order of the listing.
hours() {
    ls -U "${1:-$MNT}" | sed 's/.*cthr_//' | xargs
}

# shows HOURS OPTION...: a mount with these options lists just these threads.
shows() {
    local wanted=$1
    shift
    mount_fs "$@"
    expect "$(hours)" "$wanted" "threads with $*"
    unmount
}

# lists FILES OPTION...: a mount with these options lists just these files in a thread's folder, and
# all others open by their names.
lists() {
    local wanted=$1 files=("$MNT"/cthr_0/{0001-user.json,0001-user.md,thread.json,thread.md,items.jsonl})
    shift
    mount_fs "$@"
    expect "$(ls -U "$MNT/cthr_0/" | xargs)" "$wanted" "files with $*"
    expect "$(wc -c "${files[@]}" | awk '$1 > 0 { print $1 }' | head -n 5)" \
        "$(stat -c %s "${files[@]}")" "sizes with $*"
    unmount
}

@test "--names=title, the default, calls folders by title and id" {
    mount_fs --names=title
    expect "$(ls -U "$MNT" | sed 2q)" "Hour-66.cthr_66
Hour-60.cthr_60"
    expect "$(readlink "$MNT/cthr_66")" Hour-66.cthr_66
    unmount
    mount_fs
    expect "$(ls "$MNT" | grep -c '^Hour-[0-9]*[.]cthr_[0-9]*$')" 12
}

@test "--names=id calls them by their ids alone, whether they were listed or looked up" {
    mount_fs --names=id --page-size=1
    expect "$(stat -c %F "$MNT/cthr_0")" directory
    expect "$(jq -r .title "$MNT/cthr_0/thread.json")" "Hour 0"
    expect_requests 2
    expect_errno ENOENT stat "$MNT/Hour-0.cthr_0"
    expect_errno ENOENT stat "$MNT/Hour-6.cthr_6"
    expect_requests 3
    expect "$(ls -U "$MNT")" "$(account 'reverse | .[].thread.id')"
    expect "$(grep '^# ' "$MNT/cthr_0/thread.md")" "# Hour 0"
}

@test "--names=id within users, and as an option of mount(8)" {
    mount_fs -o group_by=user,names=id
    expect "$(ls -U "$MNT/ann" | xargs)" "cthr_60 cthr_48 cthr_36 cthr_24 cthr_12 cthr_0"
    expect "$(readlink "$MNT/cthr_60")" ann/cthr_60
}

@test "--formats lists any choice of files, in any order; all open by their names" {
    local json=0001-user.json md=0001-user.md
    lists "$json thread.json" --formats=json
    lists "$md" --formats=md
    lists "thread.md" --formats=transcript
    lists "items.jsonl" --formats=jsonl
    lists "$json $md thread.json" --formats=json,md
    lists "$json thread.json thread.md" --formats=transcript,json
    lists "$json thread.json items.jsonl" --formats=jsonl,json
    lists "$md thread.md" --formats=md,transcript
    lists "$md items.jsonl" --formats=jsonl,md
    lists "thread.md items.jsonl" --formats=transcript,jsonl
    lists "$json $md thread.json thread.md" --formats=transcript,md,json
    lists "$json $md thread.json thread.md"
    lists "$json $md thread.json items.jsonl" --formats=jsonl,md,json
    lists "$json thread.json thread.md items.jsonl" --formats=json,transcript,jsonl
    lists "$md thread.md items.jsonl" --formats=jsonl,transcript,md
    lists "$json $md thread.json thread.md items.jsonl" --formats=jsonl,transcript,md,json
}

@test "formats come by -o as well, separated by colons or escaped commas" {
    lists "0001-user.json 0001-user.md thread.json" -o formats=json:md
    lists "0001-user.json 0001-user.md thread.json" -o 'formats=json\,md'
    lists "0001-user.md thread.md" -o group-by=user,formats=transcript:md,names=id -o ro
}

@test "what is not listed is not fetched for the listing" {
    mount_fs --formats=json
    find "$MNT" -type f -exec cat {} + >/dev/null
    expect "$(find "$MNT" -type f | wc -l)" 13
    expect_requests $((13 + $(asked_again)))
    expect "$(cd "$MNT/cthr_0/" && echo *)" "0001-user.json thread.json"
    expect_errno ENOENT stat "$MNT/cthr_0/0001-user.jsonl"
    expect_errno ENOENT stat "$MNT/cthr_0/0002-user.md"
}

@test "a folder of which only thread.md is listed is read to its end all the same" {
    start_sandbox --generate 3x250
    local id
    id=$(account 'first(.[] | select(.items | length == 250)).thread.id')
    mount_fs --formats=transcript,jsonl
    expect "$(ls "$MNT/$id/" | xargs)" "items.jsonl thread.md"
    expect "$(wc -l <"$MNT/$id/items.jsonl")" 250
    expect_requests 3 /items
}

@test "--user shows that user's threads, and asks for no others" {
    mount_fs --user=ann
    expect "$(hours)" "60 48 36 24 12 0"
    find "$MNT" -type f -exec cat {} + >/dev/null
    expect_requests 1 '/threads[?]'
    expect_requests 1 '/threads[?]limit=100&order=desc&user=ann$'
}

@test "--user takes all pages of that user's threads" {
    mount_fs --user=ann --page-size=4
    expect "$(hours)" "60 48 36 24 12 0"
    expect_requests 2
    expect_requests 2 '&user=ann$'
}

@test "--user takes that user's threads from both ends" {
    mount_fs --user=ann --page-size=2
    expect "$(hours)" "60 48 36 24 12 0"
    expect_requests 3 'order=desc.*&user=ann$'
    expect_requests 1 'order=asc&user=ann$'
    expect_requests 4
}

@test "with --user another user's thread is ENOENT by its bare id, and by its name" {
    mount_fs --user=ann --page-size=1
    expect_errno ok stat "$MNT/cthr_0"
    expect_errno ok stat "$MNT/Hour-12.cthr_12"
    expect_errno ENOENT stat "$MNT/cthr_6"
    expect_errno ENOENT stat "$MNT/Hour-18.cthr_18"
    expect_requests 5
    expect_requests 1 '/threads[?]'
    expect "$(hours)" "60 48 36 24 12 0"
}

@test "--user with --group-by=user is one folder; others are ENOENT without a request" {
    mount_fs --user=ann --group-by=user
    expect "$(ls "$MNT")" ann
    expect "$(hours "$MNT/ann")" "60 48 36 24 12 0"
    expect_errno ENOENT stat "$MNT/bob"
    expect_errno ENOENT list "$MNT/zoe"
    expect_errno ENOENT stat "$MNT/%none"
    expect_errno ENOENT stat "$MNT/%25none"
    expect_requests 1
    expect_errno ENOENT stat "$MNT/cthr_6"
    expect_requests 2
    expect "$(readlink "$MNT/cthr_0")" ann/Hour-0.cthr_0
    expect_requests 2
}

@test "--user takes any user: with a slash, spaces, other scripts, or 512 characters" {
    local user long
    long=$(printf '日%.0s' {1..512})
    start_sandbox_with < <(jq -n --arg long "$long" \
        '["a/b", "50% & more=x", "Zoë Q", "-x", "a,b", $long] | to_entries
        | map({thread: {id: "cthr_\(.key)", user: .value}})')
    for user in a/b '50% & more=x' 'Zoë Q' -x a,b "$long"; do
        mount_fs "--user=$user"
        expect "$(jq -r .user "$MNT"/*/thread.json)" "$user"
        unmount
    done
    mount_fs --group-by=user -o 'user=a\,b'
    expect "$(ls "$MNT")" a,b
}

@test "--since and --until are inclusive, to the second" {
    shows "66 60 54 48" --since=2026-07-03
    shows "66 60 54 48" --since=2026-07-03T00:00:00Z
    shows "66 60 54" --since=2026-07-03T00:00:01Z
    shows "12 6 0" --until=2026-07-01T12:00:00Z
    shows "6 0" --until=2026-07-01T11:59:59Z
    shows "24" --since=2026-07-02T00:00:00Z --until=2026-07-02T00:00:00Z
}

@test "a date means its first second in --since, its last one in --until" {
    shows "42 36 30 24" --since=2026-07-02 --until=2026-07-02
    shows "18 12 6 0" --until=2026-07-01
    shows "42 36 30 24 18 12 6 0" --until=2026-07-02
}

@test "times have zones, spaces and parts of seconds; without a zone they are in UTC" {
    local time
    for time in 2026-07-03T00:00:00 2026-07-03T00:00Z '2026-07-03 00:00' \
        2026-07-03T02:00:00+02:00 2026-07-02T19:00-05:00 2026-07-03T05:30+0530 \
        2026-07-03T00:00:00.000Z; do
        shows 48 "--since=$time" "--until=$time"
    done
    TZ=America/New_York shows 48 --since=2026-07-03T00:00 --until=2026-07-03T00:00:59
}

@test "seconds since 1970 are times as well" {
    local time
    time=$(date -u -d 2026-07-03 +%s)
    shows 48 "--since=$time" "--until=$time"
    shows "66 60 54 48" -o "since=$time"
    shows "66 60 54 48 42 36 30 24 18 12 6 0" --since=0
}

@test "ages are taken from now on" {
    start_sandbox_with < <(jq -n '[[20, "d"], [10, "d"], [30, "h"], [100, "m"], [50, "s"]]
        | map({thread: {id: "cthr_\(.[0])\(.[1])", created_at: (now - .[0] * ({s: 1, m: 60, h: 3600,
            d: 86400}[.[1]]) | floor)}})')
    shows "50s 100m 30h 10d 20d" --since=3w
    shows "50s 100m 30h 10d" --since=2w
    shows "50s 100m 30h" --since=7d
    shows "50s 100m" --since=24h
    shows "50s" --since=90m
    shows "" --since=1s
    shows "10d 20d" --until=2d
    shows "100m 30h 10d" -o since=2w,until=90m
}

@test "paging stops at the edge of --since" {
    # The thread of hour 48 is the fourth.
    mount_fs --since=2026-07-03 --page-size=1
    expect "$(hours)" "66 60 54 48"
    expect_requests 5
    ls "$MNT" >/dev/null
    expect_requests 5
    unmount
    control POST /reset >/dev/null
    mount_fs --since=2026-07-03 --page-size=3
    expect "$(hours)" "66 60 54 48"
    expect_requests 2
    unmount
    control POST /reset >/dev/null
    # The page that ends at the edge does not show that it is one.
    mount_fs --since=2026-07-03 --page-size=4
    expect "$(hours)" "66 60 54 48"
    expect_requests 2
    expect_requests 1 'after=cthr_48$'
}

@test "with --until paging goes on behind what is too new" {
    mount_fs --since=2026-07-02 --until=2026-07-02T06:00 --page-size=3
    expect "$(hours)" "30 24"
    expect_requests 3
}

@test "threads without a creation time are shown" {
    start_sandbox_with <<'END'
[{"thread": {"id": "cthr_none"}}, {"thread": {"id": "cthr_word", "created_at": "today"}},
 {"thread": {"id": "cthr_zero", "created_at": 0}}, {"thread": {"id": "cthr_null", "created_at": null}},
 {"thread": {"id": "cthr_old", "created_at": 1000000000}},
 {"thread": {"id": "cthr_new", "created_at": 1782864000}}]
END
    mount_fs --since=2026-07-01 --until=2026-07-31
    expect "$(ls "$MNT" | sort | xargs)" "cthr_new cthr_none cthr_null cthr_word cthr_zero"
    unmount
    mount_fs --since=2026-07-01 --page-size=1
    expect_errno ok stat "$MNT/cthr_word"
    expect_errno ENOENT stat "$MNT/cthr_old"
}

@test "a thread out of the span is ENOENT by its bare id, and by its name" {
    mount_fs --since=2026-07-02 --until=2026-07-02
    expect_errno ENOENT stat "$MNT/cthr_0"
    expect_errno ENOENT stat "$MNT/cthr_48"
    expect_errno ENOENT stat "$MNT/Hour-66.cthr_66"
    expect_errno ok stat "$MNT/cthr_24"
    expect_requests 4
    expect "$(hours)" "42 36 30 24"
}

@test "a span with --group-by=user: its threads' users, and of these its threads" {
    mount_fs --group-by=user --since=2026-07-03T06:00 --page-size=2
    expect "$(ls "$MNT" | xargs)" "ann bob"
    expect_requests 2
    expect "$(hours "$MNT/ann")" "60"
    expect "$(hours "$MNT/bob")" "66 54"
    expect_requests 2 # all threads of the span are known
    unmount
    mount_fs --group-by=user --since=2026-07-03T18:00 --until=2026-07-03
    expect "$(ls "$MNT" | xargs)" bob
    expect_errno ENOENT stat "$MNT/cthr_60"
    expect_errno ENOENT list "$MNT/ann"
}

@test "--user, --since and --until together" {
    mount_fs --user=bob --since=2026-07-02 --until=2026-07-03T06:00 --page-size=2
    expect "$(hours)" "54 42 30"
    expect_requests 3
    expect_requests 3 '&user=bob$'
}

@test "a view in which nothing is, is an empty folder" {
    local option
    for option in --user=nobody --since=2027-01-01 --until=2026-06-30; do
        mount_fs "$option"
        expect "$(ls -A "$MNT")" ""
        unmount
        mount_fs "$option" --group-by=user
        expect "$(ls -A "$MNT")" ""
        unmount
    done
}

# refused OPTION ALLOWED VALUE...: each value is refused, with a line that names it and what is
# allowed, before anything is asked for; the last one by -o as well.
refused() {
    local option=$1 allowed=$2 value
    shift 2
    for value; do
        fails "--$option=.*: must be .*$allowed" "$CHATKITFS" "--$option=$value" "$MNT"
        [[ $stderr == *"--$option=$value: "* ]] || expect "$stderr" "--$option=$value"
    done
    fails "--$option=$value: must be .*$allowed" "$CHATKITFS" -o "$option=$value" "$MNT"
    expect_requests 0
}

@test "bad --names" {
    refused names 'title or id' '' ids title,id 'id ' Title
}

@test "bad --formats" {
    refused formats 'json, md, transcript and jsonl' '' jsn JSON json, ,md json,,md 'json, md' \
        json,thread.md all
}

@test "bad --user" {
    refused user '1 to 512 characters' '' "$(printf 'x%.0s' {1..513})"
    fails '--user=.*: must be .*1 to 512 characters' "$CHATKITFS" $'--user=a\xff' "$MNT"
}

@test "bad --since and --until" {
    local forms='2026-07-01.*7d.*seconds since 1970'
    refused since "$forms" '' yesterday 2026-02-30 2026-7-1 20260701 2026-07-01T25:00 \
        2026-07-01T09 2026-07-01T09:30:00+99:00 1969-12-31
    refused until "$forms" -7d 7y '7 d' 1.5d d 7dd 1e9 253402300800 1234567890d
}

@test "bad values with line breaks and controls in them are one line all the same" {
    fails '--names=a\?b\?\[2J: must be title or id' "$CHATKITFS" $'--names=a\nb\e[2J' "$MNT"
    fails '--since=\?: must be' "$CHATKITFS" $'--since=\n' "$MNT"
}

@test "a --since that is later than --until" {
    fails '--since.*2026-07-02T00:00:00Z.*later than --until.*2026-07-01T23:59:59Z' \
        "$CHATKITFS" --since=2026-07-02 --until=2026-07-01 "$MNT"
    fails 'later than' "$CHATKITFS" --since=1h --until=2h "$MNT"
    expect_requests 0
}

@test "an option that needs a value" {
    local option
    for option in names formats user since until; do
        fails "--$option needs a value, with a = before it" "$CHATKITFS" "--$option" "$MNT"
    done
    expect_requests 0
}

@test "--help names the options of views" {
    run -0 "$CHATKITFS" --help
    local option
    for option in --user=USER --since=WHEN --until=WHEN '--names=title|id' --formats=LIST; do
        [[ $output == *"$option"* ]] || expect "$output" "$option"
    done
}

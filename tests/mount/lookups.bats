# SPDX-License-Identifier: MIT
# Lookups without listing.

load helper

setup_file() {
    start_sandbox --generate 250x3
}

# A thread beyond the first page of the listing that has a title, or none.
far_titled() {
    account 'first(.[:140][] | select(.thread.title)).thread.id'
}

far_untitled() {
    account 'first(.[:140][] | select(.thread.title == null)).thread.id'
}

@test "a thread beyond the first page takes one request, and none for the listing" {
    local id
    id=$(far_titled)
    mount_fs
    jq -e --arg id "$id" '.id == $id' "$MNT/$id/thread.json"
    expect "$(request_lines)" "GET /v1/chatkit/threads?limit=100&order=desc
GET /v1/chatkit/threads/$id?"
}

@test "so does one without a title, whose folder has its id for a name" {
    local id
    id=$(far_untitled)
    mount_fs
    jq -e --arg id "$id" '.id == $id' "$MNT/$id/thread.json"
    expect_requests 2
    expect "$(stat -c %F "$MNT/$id")" directory
}

@test "a bare id links to the folder's name" {
    local id
    id=$(far_titled)
    mount_fs
    expect "$(stat -c %F "$MNT/$id")" "symbolic link"
    [[ $(readlink "$MNT/$id") == ?*.$id ]]
    expect "$(stat -c %s "$MNT/$id")" "$(readlink "$MNT/$id" | tr -d '\n' | wc -c)"
    expect_requests 2
}

@test "a thread of the first page takes no request by its id" {
    mount_fs
    local id
    id=$(account '.[-1].thread.id')
    cat "$MNT/$id/thread.json" >/dev/null
    expect_requests 1
}

@test "the items of a thread found by its id take their pages and no more" {
    local id
    id=$(account 'first(.[:140][] | select(.thread.title and (.items | length > 0))).thread.id')
    mount_fs
    cat "$MNT/$id"/[0-9]*.md >/dev/null
    expect_requests 3
    expect_requests 1 "/$id/items"
}

@test "a folder's name beyond the first page resolves with one request" {
    local id name
    id=$(far_titled)
    mount_fs
    name=$(readlink "$MNT/$id")
    unmount
    control POST /reset >/dev/null
    mount_fs
    jq -e --arg id "$id" '.id == $id' "$MNT/$name/thread.json"
    expect_requests 2
    expect_requests 1 "/threads/$id$"
}

@test "a right id behind a wrong title is ENOENT" {
    mount_fs
    expect_errno ENOENT stat "$MNT/Not-this.$(far_titled)"
    expect_errno ENOENT stat "$MNT/Not-this.$(account '.[-1].thread.id')"
    expect_requests 2
}

@test "an unknown id is ENOENT with one request, and one over a new connection" {
    mount_fs
    expect_errno ENOENT stat "$MNT/cthr_unknown"
    expect_requests 3
    expect_requests 2 'GET /v1/chatkit/threads/cthr_unknown$'
}

@test "a name that can't be a thread is ENOENT without a request" {
    mount_fs
    local name
    for name in .git .Trash-1000 .hidden autorun.inf thread.md items.jsonl foo 0001-user.md cthr \
        'cthr_a b' 'cthr_a%2Fb' .cthr_abc cthr_abc.txt 'x.cthr_é' "$(printf 'x%.0s' {1..255})"; do
        expect_errno ENOENT stat "$MNT/$name"
    done
    expect_requests 1
}

@test "the beginning of all ids alone is ENOENT without a request" {
    mount_fs
    expect_errno ENOENT stat "$MNT/cthr_"
    expect_requests 1
}

@test "an id that is too long for the API is ENOENT without a request" {
    mount_fs
    expect_errno ENOENT stat "$MNT/cthr_$(printf 'x%.0s' {1..200})"
    expect_requests 1
}

@test "in a thread's folder, a name that can't be a file of it takes no request" {
    mount_fs
    local id name
    id=$(account '.[-1].thread.id')
    for name in .gitignore .ignore .rgignore .git thread.txt 0001-user 0001-user.txt 1-user.md \
        user.md 00001-user.md 0000-user.md -0001-user.md; do
        expect_errno ENOENT stat "$MNT/$id/$name"
    done
    expect_requests 1
}

@test "in a thread whose items are known, a name that is none of them takes no request" {
    local id name
    id=$(account 'first(.[-90:][] | select(.items | length > 0)).thread.id')
    mount_fs
    ls "$MNT/$id/" >/dev/null
    for name in 0001-nobody.md 0001-nobody.json 0099-user.md 9999-user.json 123456789-user.md; do
        expect_errno ENOENT stat "$MNT/$id/$name"
    done
    expect_requests 2
}

@test "every thread is listed once after lookups" {
    mount_fs
    stat "$MNT/$(far_titled)" "$MNT/$(far_untitled)" >/dev/null
    expect "$(ls "$MNT" | sed 's/.*\.//' | sort)" "$(account '.[].thread.id' | sort)"
}

@test "threads are listed newest first after lookups as well" {
    mount_fs
    stat "$MNT/$(far_titled)" "$MNT/$(far_untitled)" >/dev/null
    expect "$(ls -U "$MNT" | sed 's/.*\.//')" "$(account 'reverse | .[].thread.id')"
}

@test "several readers that want the same thread take one request" {
    local id
    id=$(far_titled)
    mount_fs
    fault hold "/threads/$id$"
    in_background cat "$MNT/$id/thread.json"
    local first=$READER
    wait_until held 1
    in_background cat "$MNT/$id/thread.json"
    control POST /release >/dev/null
    ended "$first"
    expect "$STATUS" 0
    ended "$READER"
    expect "$STATUS" 0
    expect_requests 2
}

# SPDX-License-Identifier: MIT
# Grouped by user: MNT/USER/THREAD.

load helper

setup_file() {
    start_sandbox
}

# 150 threads of "crowd", behind which stand two of "zoe", one of nobody and one of "Zoë Q/1".
crowd() {
    start_sandbox_with < <(jq -n '[
        {id: "cthr_q", user: "Zoë Q/1"}, {id: "cthr_n"}, {id: "cthr_z1", user: "zoe", title: "Old one"},
        {id: "cthr_z2", user: "zoe"}, (range(150) | {id: "cthr_c\(.)", user: "crowd"})]
        | to_entries | map({thread: (.value + {created_at: (1700000000 + .key)})})')
}

@test "the top level is the users, once each, by --group-by=user" {
    mount_fs --group-by=user
    expect "$(ls "$MNT" | sort)" "$(account '[.[].thread.user] | unique[]' | encoded | sort)"
    expect_requests 1
}

@test "the same by -o group_by=user" {
    mount_fs -o group_by=user
    expect "$(ls "$MNT" | sort)" "$(account '[.[].thread.user] | unique[]' | encoded | sort)"
}

@test "the top level is read lazily and to its end" {
    crowd
    mount_fs --group-by=user
    expect_requests 1
    expect "$(ls "$MNT" | sort)" "$(printf '%s\n' %none 'Zoë Q%2F1' crowd zoe | sort)"
    expect_requests 2 '/threads[?]limit=100&order=desc'
    expect_requests 2
}

@test "a user's folder has the user's threads, newest first, and nobody else's" {
    mount_fs --group-by=user
    local user
    while read -r user; do
        expect "$(ls -U "$MNT/$(encoded <<<"$user")" | sed 's/.*\.//')" \
            "$(account "reverse | .[].thread | select(.user == \"$user\") | .id")" "threads of $user"
    done < <(account '[.[].thread.user] | unique[]')
}

@test "a user's folder is filled with the user filter alone" {
    start_sandbox --generate 250x1
    mount_fs --group-by=user
    local count
    count=$(account '[.[].thread.user] | map(select(. == "user_ada")) | length')
    expect "$(ls "$MNT/user_ada" | wc -l)" "$count"
    expect_requests $((1 + (count + 99) / 100)) # the mount's own, then this user's
    expect_requests $(((count + 99) / 100)) '[?&]user=user_ada(&|$)'
    ls "$MNT/user_ada" >/dev/null
    expect_requests $((1 + (count + 99) / 100))
}

@test "a user far down the listing is found without reading it" {
    crowd
    mount_fs --group-by=user
    expect "$(ls -U "$MNT/zoe" | xargs)" "cthr_z2 Old-one.cthr_z1"
    expect_requests 2
    expect_requests 1 '[?&]user=zoe$'
}

@test "a user with a slash, a space and other scripts is found, and sent encoded" {
    crowd
    mount_fs --group-by=user
    expect "$(ls "$MNT/Zoë Q%2F1")" cthr_q
    expect_requests 2
    expect_requests 1 '[?&]user=Zo%C3%AB%20Q%2F1$'
}

@test "users' names are reversible, whatever is in them" {
    local users='["a b", "per%cent", "-dash", ".dot", "..", "tab\tnewline\n", "li\u202ene", "日本語",
        "quote\"s", "%none", "%41", "a:b+c@d", "\\"]'
    start_sandbox_with < <(jq 'to_entries | map({thread: {id: "cthr_\(.key)", user: .value}})' <<<"$users")
    mount_fs --group-by=user
    expect "$(ls "$MNT" | sort)" "$(sort <<'END'
a b
per%25cent
%2Ddash
%2Edot
%2E.
tab%09newline%0A
li%E2%80%AEne
日本語
quote"s
%25none
%2541
a:b+c@d
\
END
)"
    expect "$(find "$MNT" -mindepth 2 -maxdepth 2 | wc -l)" 13
}

@test "a user whose name does not fit into 255 bytes has a folder all the same" {
    start_sandbox_with < <(jq -n '[{thread: {id: "cthr_1", user: ("日" * 300)}},
        {thread: {id: "cthr_2", user: ("日" * 299 + "本")}}]')
    mount_fs --group-by=user
    expect "$(ls "$MNT" | wc -l)" 2
    expect "$(find "$MNT" -mindepth 2 -maxdepth 2 -printf '%f\n' | sort | xargs)" "cthr_1 cthr_2"
}

@test "an unknown user is ENOENT after a page that is empty twice, and soon after without one" {
    mount_fs --group-by=user --page-size=5
    expect_errno ENOENT list "$MNT/nobody"
    expect_requests 3
    expect_requests 2 'user=nobody$'
    expect_errno ENOENT list "$MNT/nobody"
    expect_errno ENOENT stat "$MNT/nobody/cthr_1"
    expect_requests 3
}

@test "a name that no user's folder can have is ENOENT without a request" {
    mount_fs --group-by=user
    local name
    for name in .git .Trash-1000 -x 'user%5F3f9a' '50%' 'a%2fb' '%zz'; do
        expect_errno ENOENT stat "$MNT/$name"
    done
    expect_requests 1
}

@test "a thread is not in another user's folder" {
    mount_fs --group-by=user
    local id name
    id=$(account '[.[].thread | select(.user == "jörg")][0].id')
    name=$(ls "$MNT/jörg" | grep "$id")
    expect_errno ok stat "$MNT/jörg/$name"
    expect_errno ENOENT stat "$MNT/user_3f9a/$name"
    expect_errno ENOENT stat "$MNT/user_3f9a/$id"
    expect_errno ENOENT stat "$MNT/$name"
}

@test "threads without a user are in a folder of their own" {
    crowd
    mount_fs --group-by=user
    expect "$(ls "$MNT/%none")" cthr_n
}

@test "the folder of threads without a user has a name that is found without listing" {
    crowd
    mount_fs --group-by=user
    expect "$(cat "$MNT/%none/cthr_n/thread.json" | jq -r .id)" cthr_n
}

@test "a bare id at the root links into the user's folder" {
    crowd
    mount_fs --group-by=user
    expect "$(readlink "$MNT/cthr_z1")" "zoe/Old-one.cthr_z1"
    expect "$(readlink "$MNT/cthr_q")" "Zoë Q%2F1/cthr_q"
    expect_requests 3
    expect "$(jq -r .id "$MNT/cthr_z1/thread.json")" cthr_z1
    expect "$(jq -r .id "$MNT/cthr_q/thread.json")" cthr_q
    expect_requests 2 'GET /v1/chatkit/threads/cthr_[zq]1?$'
    expect_requests 0 '[?&]after='
}

@test "a bare id in its user's folder links to the thread there" {
    mount_fs --group-by=user
    local id
    id=$(account '[.[].thread | select(.user == "jörg")][0].id')
    expect "$(jq -r .id "$MNT/jörg/$id/thread.json")" "$id"
    expect "$(readlink "$MNT/jörg/$id")" "$(ls "$MNT/jörg" | grep "$id")"
}

@test "the walk finds every thread and item once" {
    mount_fs --group-by=user
    expect "$(find "$MNT" -mindepth 2 -maxdepth 2 -type d -printf '%f\n' | sed 's/.*\.//' | sort)" \
        "$(account '.[].thread.id' | sort)"
    expect "$(find "$MNT" -name '[0-9]*.json' | wc -l)" "$(account '[.[].items[]] | length')"
    expect_requests $(($(account 'map([1, (.items | length / 100 | ceil)] | max) | add') + $(asked_again))) /items
}

@test "a user who is called as a thread could be is found by that name" {
    start_sandbox_with <<'END'
[{"thread": {"id": "cthr_1", "user": "cthr_2", "created_at": 1}},
 {"thread": {"id": "cthr_3", "user": "cthr_1", "created_at": 2}}]
END
    mount_fs --group-by=user --page-size=1
    expect "$(ls "$MNT/cthr_2")" cthr_1
    expect_requests 2 'threads/cthr_2$' # a 404 is asked for twice
    expect_requests 1 'user=cthr_2$'
    # Of two things with one name, the one that is listed.
    expect "$(ls "$MNT/cthr_1")" cthr_3
    expect_errno ENOENT stat "$MNT/cthr_4"
}

# SPDX-License-Identifier: MIT
#
# The sandbox is no proof of what the API does: here OpenAI's own client and OpenAI's own
# description of the API are. What the client lists is what the mount shows; what both are answered,
# and what both ask for, fits the description. Where they disagree with the sandbox, it is wrong.

load helper

# Each start of node takes its time on a busy machine.
WATCHDOG=$((180 * SLOWER))

setup_file() {
    export NODE_PATH
    NODE_PATH=$(dirname "$CHATKITFS")/conformance/node_modules
    if [[ ! -e $NODE_PATH/.installed ]]; then
        echo "OpenAI's client is not installed, run scripts/install-client" >&2
        return 1
    fi
    start_sandbox
}

# client METHOD [ARGUMENT]... [-- ...]: see tests/conformance/client.mjs.
client() {
    timeout "$WATCHDOG" node "$REPOSITORY/tests/conformance/client.mjs" "$@"
}

# pages LINES LIMIT: how many pages of LIMIT hold as many elements.
pages() {
    echo $((($(wc -l <<<"$1") + $2 - 1) / $2))
}

# values FILTER FILE...: jq's, in a form in which equal values are equal lines. $thread is the id in
# a file's path, $number an item's, 1 for 0001-user.json.
values() {
    local filter=$1
    shift
    printf '%s\0' "$@" | xargs -0 jq -cS '(input_filename
        | capture("(^|[.])(?<id>cthr_[0-9a-f]+)/(?<number>[0-9]*)[^/]*$")) as $path
        | $path.id as $thread | ($path.number | tonumber? // null) as $number | '"$filter"
}

# expect_the_same: mounts, and compares all that the client lists with all that the mount shows,
# one by one. The account is what the client says it is, not what the sandbox does.
expect_the_same() {
    local everything=$BATS_TEST_TMPDIR/everything folders threads=() lists=() items=()
    client everything '{"limit": 100}' >"$everything"
    mount_fs
    cd "$MNT"
    mapfile -t folders < <(ls -U)
    expect "$(printf '%s\n' "${folders[@]}" | ids)" "$(jq -r .thread.id "$everything")" "threads"

    shopt -s nullglob
    for folder in "${folders[@]}"; do
        threads+=("$folder/thread.json")
        lists+=("$folder/items.jsonl")
        items+=("$folder"/[0-9]*.json)
    done
    expect "$(values . "${threads[@]}")" "$(jq -cS .thread "$everything")" \
        "thread.json and the thread as it is listed"
    expect "$(values . "${threads[@]}")" "$(jq -cS .retrieved "$everything")" \
        "thread.json and the thread as it is retrieved"
    expect "$(values '[$thread, $number, .]' "${items[@]}")" \
        "$(jq -cS '.thread.id as $thread | .items | to_entries[] | [$thread, .key + 1, .value]' \
            "$everything")" "items as numbered files"
    expect "$(values '[$thread, .]' "${lists[@]}")" \
        "$(jq -cS '.thread.id as $thread | .items
            | .[:[to_entries[] | select(.value.status != "in_progress").key + 1] | max // 0][]
            | [$thread, .]' "$everything")" "items.jsonl, up to the last finished item"
    cd /

    # So that nothing above compared nothing with nothing.
    expect "${#folders[@]} ${#items[@]}" "$(account 'length, (map(.items | length) | add)' | xargs)"
}

# expect_the_same_by_user: the same of --group-by=user and the client's filter.
expect_the_same_by_user() {
    local users user calls=()
    users=$(client list '{"limit": 100}' | jq -r .user | sort -u)
    while read -r user; do
        calls+=(-- list "$(jq -n --arg user "$user" '{$user}')")
    done <<<"$users"
    mount_fs --group-by=user
    expect "$(ls "$MNT" | sort)" "$(encoded <<<"$users" | sort)" "users"
    while read -r user; do
        ls -U "$MNT/$(encoded <<<"$user")" | ids | sed "s,^,$user ,"
    done <<<"$users" >"$BATS_TEST_TMPDIR/threads"
    diff "$BATS_TEST_TMPDIR/threads" <(client "${calls[@]:1}" | jq -r '.user + " " + .id')
    expect "$(wc -l <"$BATS_TEST_TMPDIR/threads")" "$(account length)" "number of threads"
}

# What was asked for since the last time, however the parameters are ordered.
asked() {
    control GET /requests | jq -r '.requests[]
        | [.method, .path, (.query | split("&") | sort[])] | join(" ")'
    control POST /reset >/dev/null
}

# refused 'ERROR' METHOD [ARGUMENT]...: the client fails with that, after one request.
refused() {
    local expected=$1
    shift
    control POST /reset >/dev/null
    run -1 client "$@"
    expect "$(jq -r '[.error, .status, .type, .code, .param, (.requestID | test("^req_"))]
        | map(. // "-") | join(" ")' <<<"$output")" "$expected true" "$*"
    expect_requests 1
}

# From here on the client's answers are kept, for expect_described.
record() {
    export ANSWERS=$BATS_TEST_TMPDIR/answers
}

# expect_described OPERATION...: every request of this test was one of these, and it and its answer,
# both in $BATS_TEST_TMPDIR/answers, are as OpenAI describes them.
expect_described() {
    local answers=$BATS_TEST_TMPDIR/answers wrong=$BATS_TEST_TMPDIR/wrong counts
    if ! counts=$("$REPOSITORY/tests/conformance/check.py" <"$answers" 2>"$wrong"); then
        head -n 20 "$wrong" >&2
        return 1
    fi
    # The description tells this in words only.
    expect "$(jq -c '.body // empty | fromjson | select(.object == "list")
        | select([.first_id, .last_id] != [.data[0].id, .data[-1].id])' "$answers")" "" \
        "first_id and last_id"
    expect "$(cut -d ' ' -f 1 <<<"$counts" | xargs)" "$*" "operations"
    expect "$((0$(sed 's/.* /+/' <<<"$counts")))" "$(requests)" "number of requests"
}

# A thread of the sample that has as many items.
thread_of() {
    account "first(.[] | select(.items | length == $1)).thread.id"
}

# The ids of a thread's items, oldest first.
items_of() {
    account ".[] | select(.thread.id == \"$1\").items[].id"
}

@test "the mount shows what the client lists, thread by thread, item by item" {
    expect_the_same
}

@test "the same of threads on three pages" {
    start_sandbox --generate 230x7 --gzip
    expect_the_same
}

@test "the same of items on three pages" {
    start_sandbox --generate 12x250
    expect_the_same
}

@test "the same of no threads" {
    start_sandbox_with <<<'[]'
    run -0 client list
    expect "$output" ""
    mount_fs
    expect "$(ls -A "$MNT")" ""
}

@test "users' folders hold what the client lists with its filter" {
    expect_the_same_by_user
}

@test "the same of users with threads on several pages" {
    start_sandbox --generate 230x1
    expect_the_same_by_user
}

@test "the client lists all, whatever the limit, in both orders" {
    local thread threads items limit
    thread=$(thread_of 278)
    threads=$(account '.[].thread.id')
    items=$(items_of "$thread")
    for limit in 1 3 20 100; do
        expect "$(client list "{\"limit\": $limit, \"order\": \"asc\"}" \
            -- list "{\"limit\": $limit}" \
            -- listItems "\"$thread\"" "{\"limit\": $limit, \"order\": \"asc\"}" \
            -- listItems "\"$thread\"" "{\"limit\": $limit}" | jq -r .id)" \
            "$(cat <<<"$threads" && tac <<<"$threads" && cat <<<"$items" && tac <<<"$items")"
        expect_requests $((2 * $(pages "$threads" "$limit"))) '/threads[?]'
        expect_requests $((2 * $(pages "$items" "$limit"))) '/items[?]'
        control POST /reset >/dev/null
    done
    expect "$(client list | jq -r .id)" "$(tac <<<"$threads")"
    expect_requests "$(pages "$threads" 20)" # the default
}

@test "after and before bound what the client lists" {
    local ids thread calls=() expected=()
    # bounded SLICE QUERY METHOD [ARGUMENT]: lists that slice of $ids, three a page
    bounded() {
        calls+=(-- "${@:3}" "$(jq -n --argjson ids "$ids" "{limit: 3} + $2")")
        mapfile -tO "${#expected[@]}" expected < <(jq -r ".[$1][]" <<<"$ids")
    }
    ids=$(account 'map(.thread.id) | reverse | tojson')
    bounded 30: '{after: $ids[29]}' list
    bounded :10 '{before: $ids[10]}' list
    bounded 20:30 '{after: $ids[19], before: $ids[30]}' list
    bounded :0 '{before: $ids[0]}' list
    bounded :0 '{after: $ids[-1]}' list
    ids=$(jq reverse <<<"$ids")
    bounded 30: '{after: $ids[29], order: "asc"}' list
    bounded :10 '{before: $ids[10], order: "asc"}' list
    thread=$(thread_of 100)
    ids=$(items_of "$thread" | jq -R . | jq -s .)
    bounded 10:30 '{after: $ids[9], before: $ids[30], order: "asc"}' listItems "\"$thread\""
    expect "$(client "${calls[@]:1}" | jq -r .id)" "$(printf '%s\n' "${expected[@]}")"
}

@test "the mount asks for what the client asks for" {
    local thread user='org/northwind/ben' lines
    thread=$(thread_of 278)

    client list '{"limit": 3, "order": "desc"}' >/dev/null
    lines=$(asked)
    # A span, however long, is listed from its front alone.
    mount_fs --page-size=3 --since=2001-01-01
    ls "$MNT" >/dev/null
    expect "$(asked)" "$lines" "the request lines of the threads"

    client retrieve "\"$thread\"" >/dev/null
    client listItems "\"$thread\"" '{"limit": 3, "order": "asc"}' >/dev/null
    lines=$(asked)
    unmount
    mount_fs --page-size=3
    asked >/dev/null # the mount's own
    ls "$MNT/$thread/" >/dev/null
    expect "$(asked)" "$lines" "the request lines of a thread and its items"

    client list "{\"limit\": 1, \"order\": \"desc\", \"user\": \"$user\"}" >/dev/null
    lines=$(asked)
    unmount
    mount_fs --page-size=1 --group-by=user --since=2001-01-01
    asked >/dev/null
    ls "$MNT/$(encoded <<<"$user")" >/dev/null
    expect "$(asked)" "$lines" "the request lines of a user"
}

@test "the mount sends the headers that the client sends" {
    export OPENAI_ORG_ID=org-1 OPENAI_PROJECT_ID=proj-2
    client list >/dev/null
    mount_fs
    expect_requests $(($(pages "$(account '.[].thread.id')" 20) + 1))
    expect "$(control GET /requests | jq -r '.requests[].headers
        | [.authorization, ."openai-beta", ."openai-organization", ."openai-project", .accept]
        | join(" ")' | sort -u)" 'present chatkit_beta=v1 org-1 proj-2 application/json'
}

@test "the sample's answers fit OpenAI's description" {
    local user calls=(everything '{"limit": 7}' -- everything '{"limit": 100}')
    while read -r user; do
        calls+=(-- list "$(jq -n --arg user "$user" '{limit: 2, order: "asc", $user}')")
    done < <(account '[.[].thread.user] | unique[]')
    record
    client "${calls[@]}" >/dev/null
    expect_described GetThreadMethod ListThreadItemsMethod ListThreadsMethod
}

@test "a generated account's answers fit OpenAI's description" {
    start_sandbox --generate 60x120
    record
    client everything '{"limit": 100}' >/dev/null
    expect_described GetThreadMethod ListThreadItemsMethod ListThreadsMethod
}

@test "answers without elements fit OpenAI's description" {
    record
    run -0 client list '{"limit": 0}' -- list '{"user": "nobody"}' \
        -- list "{\"before\": \"$(account '.[-1].thread.id')\"}" -- listItems "\"$(thread_of 0)\""
    expect "$output" ""
    expect_described ListThreadItemsMethod ListThreadsMethod
}

@test "what the mount asks for fits OpenAI's description" {
    mount_fs --page-size=7
    stat "$MNT/$(thread_of 278)" >/dev/null # a bare id, which is retrieved
    find "$MNT" >/dev/null
    unmount
    mount_fs --group-by=user
    find "$MNT" >/dev/null
    control GET /requests | jq -c '.requests[] | {method, url: (.path + "?" + .query)}' \
        >"$BATS_TEST_TMPDIR/answers"
    expect_described GetThreadMethod ListThreadItemsMethod ListThreadsMethod
}

@test "a thread that the client deletes is gone, for the mount as well" {
    start_sandbox
    record
    local thread
    thread=$(thread_of 278)
    expect "$(client delete "\"$thread\"" | jq -cS .)" \
        "{\"deleted\":true,\"id\":\"$thread\",\"object\":\"chatkit.thread.deleted\"}"
    expect_described DeleteThreadMethod
    unset ANSWERS

    local error='NotFoundError 404 invalid_request_error not_found thread_id'
    refused "$error" delete "\"$thread\""
    refused "$error" retrieve "\"$thread\""
    refused "$error" listItems "\"$thread\""
    expect "$(client list | jq -r .id)" \
        "$(account "reverse | .[].thread.id | select(. != \"$thread\")")"
    mount_fs
    expect "$(ls -U "$MNT" | ids)" "$(client list | jq -r .id)"
    expect_errno ENOENT stat "$MNT/$thread"
}

@test "a wrong key is the client's AuthenticationError" {
    OPENAI_API_KEY=sk-wrong
    refused 'AuthenticationError 401 invalid_request_error invalid_api_key -' list
}

@test "a parameter that OpenAI's description excludes is the client's BadRequestError" {
    local error='BadRequestError 400 invalid_request_error' user
    user=$(printf 'x%.0s' {1..512})
    client list "{\"user\": \"$user\"}"
    refused "$error invalid_value user" list "{\"user\": \"${user}x\"}"
    refused "$error invalid_value user" list '{"user": ""}'
    refused "$error integer_above_max_value limit" list '{"limit": 101}'
    refused "$error integer_below_min_value limit" list '{"limit": -1}'
    refused "$error invalid_type limit" list '{"limit": "many"}'
    refused "$error invalid_value order" list '{"order": "up"}'
    refused "$error unknown_parameter size" list '{"size": 3}'
    refused "$error unknown_parameter user" listItems "\"$(thread_of 278)\"" '{"user": "x"}'
}

@test "the client tries again after the sandbox's faults, and loses nothing" {
    local ids status
    ids=$(account 'reverse | .[].thread.id')
    # On the second page, and twice, which is as often as the client tries again.
    for status in 408 409 429 500 503; do
        fault status /threads "status: $status, headers: {\"retry-after-ms\": 1}, skip: 1, times: 2"
        expect "$(client list '{"limit": 30}' | jq -r .id)" "$ids" "$status"
        expect "$(control GET /requests | jq -r '.requests[] | "\(.status) "
            + .headers."x-stainless-retry-count"')" "200 0
$status 0
$status 1
200 2"
        control POST /reset >/dev/null
    done
}

@test "the sandbox's lasting faults are what the client takes them for" {
    # lasting KIND FIELDS ERROR REQUESTS: after which the client gives up
    lasting() {
        fault "$1" /threads "times: null, $2"
        run -1 client list
        expect "$(jq -r '[.error, .status // "-", .code // "-"] | join(" ")' <<<"$output")" "$3"
        expect_requests "$4"
        control POST /reset >/dev/null
    }
    local soon='headers: {"retry-after-ms": 1}'
    lasting status "status: 429, $soon" 'RateLimitError 429 rate_limit_exceeded' 3
    lasting status "status: 500, $soon" 'InternalServerError 500 -' 3
    lasting status "status: 503, $soon" 'InternalServerError 503 service_unavailable' 3
    lasting status 'status: 429, headers: {"x-should-retry": "false"}' \
        'RateLimitError 429 rate_limit_exceeded' 1
    lasting status 'status: 403' 'PermissionDeniedError 403 permission_denied' 1
    lasting close 'ms: 0' 'APIConnectionError - -' 3
}

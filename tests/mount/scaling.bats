# SPDX-License-Identifier: MIT
#
# docs/scaling/gateway.conf as it is, but for ports and paths: two mounts of machines of their own,
# through one gateway, in front of an API with TLS and compression.

load helper
eval "$(declare -f setup | sed '1s/setup/setup_of_helper/')"

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 3 250)
    make_certificate api api.openai.com
    make_certificate other other.example
    make_certificate gateway localhost
    export BACKEND=${SANDBOX%/sandbox} API_LOG=$BATS_FILE_TMPDIR/api.log
    run_nginx "$BATS_FILE_TMPDIR/api" api
    export API_PORT SSL_CERT_FILE=$BATS_FILE_TMPDIR/gateway.pem
}

# Names are resolved as everywhere; nothing must be asked of a proxy of the machine's.
export no_proxy='*'

# What the gateway takes for the API.
api() {
    API_PORT=$(free_port)
    cat <<END
    log_format api '\$connection \$host \$ssl_server_name \$sent_http_content_encoding';
    access_log $API_LOG api;
    gzip on;
    gzip_types application/json;
    gzip_proxied any;
    gzip_min_length 1;
    server {
        listen 127.0.0.1:$API_PORT ssl;
        ssl_certificate $BATS_FILE_TMPDIR/api.pem;
        ssl_certificate_key $BATS_FILE_TMPDIR/api.key;
        location / { proxy_pass $BACKEND; proxy_http_version 1.1; }
    }
END
}

# Each test has a gateway of its own, whose caches are empty, and an account that is as at first.
setup() {
    setup_of_helper
    for id in $(control GET /account | jq -r '.[].thread.id'); do
        control DELETE "/threads/$id" >/dev/null
    done
    curl -sS --fail-with-body --data-binary "@$ACCOUNT" "$SANDBOX/threads" >/dev/null
    GATEWAY=$BATS_TEST_TMPDIR/gateway
    ACCESS=$GATEWAY/chatkit.log
    CA=api
    OTHER=$BATS_TEST_TMPDIR/other
    mkdir "$OTHER"
    DIRECT=$OPENAI_BASE_URL
    : >"$API_LOG"
}

gateway() {
    PORT=$(free_port)
    sed -e "s,/etc/nginx/gateway.js,$REPOSITORY/docs/scaling/gateway.js," \
        -e "s,/var/cache/,$GATEWAY/," \
        -e "s,/var/log/nginx/,$GATEWAY/," \
        -e "s,/etc/ssl/gateway.pem,$BATS_FILE_TMPDIR/gateway.pem," \
        -e "s,/etc/ssl/private/gateway.key,$BATS_FILE_TMPDIR/gateway.key," \
        -e "s,/etc/ssl/certs/ca-certificates.crt,$BATS_FILE_TMPDIR/$CA.pem," \
        -e "s,listen 443 ,listen 127.0.0.1:$PORT ," \
        -e "s,127.0.0.1:8441,127.0.0.1:$(free_port)," \
        -e "s,127.0.0.1:8442,127.0.0.1:$(free_port)," \
        -e "s,server api.openai.com:443,server 127.0.0.1:$API_PORT," \
        "$REPOSITORY/docs/scaling/gateway.conf"
}

start_gateway() {
    local modules
    modules=$(PATH=$PATH:/usr/sbin nginx -V 2>&1 | sed -nE 's/.*--modules-path=([^ ]*).*/\1/p')
    run_nginx "$GATEWAY" gateway "load_module $modules/ngx_http_js_module.so; worker_processes 2;"
    OPENAI_BASE_URL=https://localhost:$PORT/v1
}

mount_other() {
    "$CHATKITFS" "$@" "$OTHER" 3>&-
}

mount_both() {
    mount_fs "$@"
    mount_other "$@"
}

unmount_both() {
    fusermount3 -u "$MNT"
    fusermount3 -u "$OTHER"
}

# get PATH [OPTION]...: what curl gets from the gateway, with the right headers or those of AS and BETA.
get() {
    local path=$1
    shift
    curl -sS --max-time "$LIMIT" --cacert "$SSL_CERT_FILE" \
        -H "Authorization: ${AS-Bearer $KEY}" -H "OpenAI-Beta: ${BETA-chatkit_beta=v1}" "$@" \
        "$OPENAI_BASE_URL$path"
}

# code PATH [OPTION]...: the status that it gets.
code() {
    get "$@" -o /dev/null -w '%{http_code}'
}

# answered SERVER STATUS: how many requests a server of the gateway has answered so.
answered() {
    awk -v server="$1" -v status="$2" '$2 == server && $7 == status' "$ACCESS" | wc -l
}

FIRST='/chatkit/threads/cthr_00001/items?limit=100&order=asc' # which is full
LAST="$FIRST&after=cthi_1_199"                                # which is not

# What was asked for up to now is shared with nobody who asks later.
second_passes() {
    local now=$EPOCHSECONDS
    wait_until eval "((EPOCHSECONDS > $now))"
}

# add_items THREAD FROM TO: a thread gets items with these numbers.
add_items() {
    control POST "/threads/cthr_0000$1/items" "$(jq -n --arg thread "$1" --argjson from "$2" \
        --argjson to "$3" '[range($from; $to + 1) | {id: "cthi_\($thread)_\(.)",
            object: "chatkit.thread_item", thread_id: "cthr_0000\($thread)", created_at: (1700090000 + .),
            type: "chatkit.user_message", content: [{type: "input_text", text: "new"}]}]')" >/dev/null
}

# expect_items FOLDER COUNT
expect_items() {
    expect "$(find "$1/" -name '0*.json' | wc -l)" "$2" "items in $1"
}

# --- What is kept ----------------------------------------------------------------------------

@test "a second mount's walk asks for no full page, and shows what a mount without a gateway shows" {
    start_gateway
    mount_fs --ttl=1d
    grep -r needle "$MNT" >/dev/null
    for thread in 0 1 2; do
        expect_requests 1 "cthr_0000$thread/items.limit=100&order=asc$"
        expect_requests 1 "cthr_0000$thread/items.*after=cthi_${thread}_99$"
    done
    unmount
    control POST /reset >/dev/null
    second_passes
    mount_other --ttl=1d
    grep -r needle "$OTHER" >/dev/null
    expect_requests 0 'items.limit=100&order=asc$'
    expect_requests 0 'after=cthi_._99$'
    expect_requests 3 'after=cthi_._199$'
    expect_requests 4 # these, and the newest page of threads
    OPENAI_BASE_URL=$DIRECT mount_fs
    diff -r "$MNT" "$OTHER"
}

# both_ask: mounts both at once, which asks for the newest page. Whether they have asked in the same
# second.
both_ask() {
    control DELETE /requests >/dev/null
    : >"$ACCESS"
    "$CHATKITFS" "$MNT" 3>&- &
    local one=$!
    mount_other
    wait "$one"
    unmount_both
    wait_until eval '[[ $(answered mounts 200) == 2 && $(answered pages 200) == 2 ]]'
    [[ $(awk '$2 == "pages" { print $NF }' "$ACCESS" | sort -u | wc -l) == 1 ]]
}

@test "what two mounts ask for in the same second reaches the API once" {
    start_gateway
    fault delay . '"ms": 300, "times": null'
    wait_until both_ask
    expect_requests 1
}

@test "a page that is not full is asked for again in the next second" {
    start_gateway
    get "$LAST" >/dev/null
    second_passes
    get "$LAST" >/dev/null
    expect_requests 2
}

@test "when a thread has grown, both mounts show it after --refresh" {
    start_gateway
    mount_both --ttl=1d
    for place in "$MNT" "$OTHER"; do
        expect_items "$place/cthr_00002" 250
    done
    add_items 2 250 310
    control PATCH /threads/cthr_00001 '{"title": "Another one"}' >/dev/null
    control DELETE /threads/cthr_00000 >/dev/null
    second_passes
    for place in "$MNT" "$OTHER"; do
        "$CHATKITFS" --refresh "$place"
        expect_items "$place/cthr_00002" 311
        expect "$(ls "$place")" 'Another-one.cthr_00001
Thread-2.cthr_00002'
    done
    # The page that is full since then is kept, and was not before.
    unmount_both
    control POST /reset >/dev/null
    mount_both --ttl=1d
    diff -r "$MNT" "$OTHER"
    expect_items "$OTHER/cthr_00002" 311
    expect_requests 1 'cthr_00002/items.*after=cthi_2_199$'
}

@test "a full page is not kept as long as something of it is in progress" {
    start_gateway
    control PATCH /threads/cthr_00001/items/cthi_1_50 '{"type": "chatkit.client_tool_call",
        "status": "in_progress", "call_id": "c", "name": "look", "arguments": "{}", "output": null}' \
        >/dev/null
    mount_fs --ttl=1d
    grep -q in_progress "$MNT"/cthr_00001/0051-tool.json
    control PATCH /threads/cthr_00001/items/cthi_1_50 '{"status": "completed"}' >/dev/null
    second_passes
    mount_other
    grep -q completed "$OTHER"/cthr_00001/0051-tool.json
    expect_requests 2 'cthr_00001/items.limit=100&order=asc$'
    "$CHATKITFS" --refresh "$MNT"
    grep -q completed "$MNT"/cthr_00001/0051-tool.json
    second_passes
    get "$FIRST" >/dev/null
    expect_requests 2 'cthr_00001/items.limit=100&order=asc$'
}

@test "what is kept can be removed at any time" {
    start_gateway
    kept=$(get "$FIRST")
    expect "$(get "$FIRST")" "$kept"
    expect_requests 1
    # The log tells what is written to the end.
    wait_until eval '[[ $(answered mounts 200) == 2 && $(answered pages 200) == 1 ]]'
    find "$GATEWAY/chatkit-pages" "$GATEWAY/chatkit-second" -type f -delete
    expect "$(get "$FIRST")" "$kept"
    expect "$(get "$FIRST")" "$kept"
    expect_requests 2
}

@test "pages in another order are never kept" {
    start_gateway
    for path in "${FIRST/asc/desc}" "$FIRST&before=cthi_1_249" "${FIRST/&order=asc/}" \
        '/chatkit/threads?limit=1&order=asc'; do
        control POST /reset >/dev/null
        expect "$(get "$path" | jq .has_more)" true
        second_passes
        get "$path" >/dev/null
        expect_requests 2
    done
}

@test "a failure is never kept" {
    start_gateway
    for path in "$FIRST" "$LAST" /chatkit/threads/cthr_00001 '/chatkit/threads?limit=1'; do
        control POST /reset >/dev/null
        fault status . '"status": 500'
        expect "$(code "$path")$(code "$path")" 500200
        expect_requests 2
    done
    control DELETE /threads/cthr_00000 >/dev/null
    expect "$(code /chatkit/threads/cthr_00000)" 404
    control POST /threads "$(jq -c '.[0] | {thread, items: []}' "$ACCOUNT")" >/dev/null
    expect "$(code /chatkit/threads/cthr_00000)" 200
}

# --- Whose it is -----------------------------------------------------------------------------

@test "nobody gets what is kept for another key, organization or project" {
    start_gateway
    right=$(get "$FIRST")
    expect "$(get "$FIRST")" "$right"
    expect_requests 1
    expect "$(AS='Bearer sk-test-somebody-else' code "$FIRST")" 401
    expect "$(AS= code "$FIRST")" 401
    expect "$(BETA=chatkit_beta=v2 code "$FIRST")" 400
    expect_requests 4
    for header in 'OpenAI-Organization: a' 'OpenAI-Project: a' 'OpenAI-Project: b'; do
        expect "$(get "$FIRST" -H "$header")" "$right"
    done
    expect_requests 7
}

@test "a mount with a wrong key is refused what is kept for the right one" {
    start_gateway
    for path in '/chatkit/threads?limit=100&order=desc' "$FIRST"; do
        get "$path" >/dev/null
    done
    OPENAI_API_KEY=sk-test-somebody-else fails 401 "$CHATKITFS" "$MNT"

    (umask 077; echo "$KEY" >"$BATS_TEST_TMPDIR/key")
    mount_in_foreground --ttl=1d --api-key-file="$BATS_TEST_TMPDIR/key"
    echo sk-test-somebody-else >"$BATS_TEST_TMPDIR/key"
    kill -HUP "$FS_PID"
    wait_until grep -q 'API key has changed' "$LOG"
    expect_errno EACCES list "$MNT/Thread-1.cthr_00001"
    echo "$KEY" >"$BATS_TEST_TMPDIR/key"
    expect_errno ok list "$MNT/Thread-1.cthr_00001"
}

@test "nothing that the gateway writes has a key, or can be read by others; its log names no user" {
    start_gateway
    mount_fs
    grep -r needle "$MNT" >/dev/null
    get '/chatkit/threads?limit=100&user=user_1' >/dev/null
    AS='Bearer sk-test-somebody-else' get "$FIRST" >/dev/null
    wait_until eval '[[ $(answered mounts 401) == 1 ]]'
    wait_until eval '[[ $(find "$GATEWAY/chatkit-pages" -type f | wc -l) == 6 ]]' # two of each thread
    expect "$(find "$GATEWAY/chatkit-pages" "$GATEWAY/chatkit-second" -perm /077)" ""
    grep -rqF needle "$GATEWAY/chatkit-pages"
    run -1 grep -rFe "$KEY" -e somebody-else "$GATEWAY"
    run -1 grep -e user_ -e needle "$ACCESS" "$GATEWAY/nginx.log"
}

# --- The way to the API ----------------------------------------------------------------------

# Whether the gateway's log says what the mounts and the API say.
limits_agree() {
    local seen
    seen=$(cat {"$MNT","$OTHER"}/.chatkitfs/status | jq -s 'map(.rate_limit.answers_429) | add')
    [[ "$(answered mounts 429) $(answered api 200)" == "$seen $(requests)" ]]
}

@test "the rate limit that mounts share holds them back, and no reader gets an error" {
    python3 "$BATS_TEST_DIRNAME/many.py" 200 1 | jq '.[20:]' |
        curl -sS --fail-with-body --data-binary @- "$SANDBOX/threads" >/dev/null
    start_gateway
    mount_both --concurrency=100 --ttl=1d
    ls "$MNT" "$OTHER" >/dev/null
    printf '%s\0' "$MNT"/*[13579] "$OTHER"/*[02468] >"$BATS_TEST_TMPDIR/folders"
    # More at once than the gateway lets wait.
    mapfile -t mounts < <(file_systems "$BATS_TEST_TMPDIR")
    kill -STOP "${mounts[@]}"
    in_background xargs -0 -a "$BATS_TEST_TMPDIR/folders" -P 200 -n 1 ls
    wait_until eval '[[ $(pgrep -c -P "$READER") == 183 ]]'
    kill -CONT "${mounts[@]}"
    LIMIT=$((3 * LIMIT)) ended "$READER"
    expect "$STATUS" 0
    # Two files for each item, and two for each thread.
    expect "$(wc -l <"$BATS_TEST_TMPDIR/reader.out")" $((2 * (180 + 3 * 250) + 2 * 183))
    (($(answered mounts 429) > 0))
    wait_until limits_agree
}

@test "beyond the rate limit the gateway tells when to ask again" {
    start_gateway
    for number in {0..248}; do
        printf 'url = %s%s&after=cthi_1_%s\noutput = /dev/null\n' "$OPENAI_BASE_URL" "$FIRST" "$number"
    done >"$BATS_TEST_TMPDIR/urls"
    get '' -o /dev/null -K "$BATS_TEST_TMPDIR/urls" -Z --parallel-immediate --parallel-max 249 \
        -w '%{http_code} %header{retry-after}\n' >"$BATS_TEST_TMPDIR/answers"
    expect "$(sort -u "$BATS_TEST_TMPDIR/answers")" $'200 \n404 \n429 5'
}

@test "what the API says of its own rate limit comes through, and is not kept" {
    start_gateway
    fault status . '"status": 429, "headers": {"Retry-After": "7", "X-RateLimit-Limit-Requests": "3"}'
    fault alter . '"times": null, "headers": {"X-RateLimit-Limit-Requests": "3", "Set-Cookie": "a=b",
        "Cache-Control": "no-store"}'
    said() { # PATH: the status, and those of the headers that came
        get "$1" -D - -o /dev/null | tr -d '\r' |
            sed -nE 's/^HTTP[^ ]* ([0-9]+).*/\1/p; /^(retry|x-ratelimit|set-cookie|cache-control)/Ip' | tr A-Z a-z
    }
    expect "$(said "$FIRST")" $'429\nretry-after: 7\nx-ratelimit-limit-requests: 3'
    expect "$(said "$LAST")" $'200\nx-ratelimit-limit-requests: 3'
    expect "$(said "$FIRST")$(said "$FIRST")" 200200
    expect_requests 3
}

@test "the API is asked by its name, compressed, over connections that are kept" {
    start_gateway
    for number in 1 2 3 4 5 6; do
        get "$FIRST&after=cthi_1_$number" >/dev/null
    done
    wait_until eval '[[ $(wc -l <"$API_LOG") == 6 ]]'
    expect "$(cut -d ' ' -f 2- "$API_LOG" | sort -u)" 'api.openai.com api.openai.com gzip'
    (($(cut -d ' ' -f 1 "$API_LOG" | sort -u | wc -l) <= 2)) # one for each worker
}

@test "an API whose certificate is another one's is not asked" {
    CA=other
    start_gateway
    fails 'answered 502' "$CHATKITFS" "$MNT"
    expect_requests 0
}

@test "what is no question for threads is refused" {
    start_gateway
    expect "$(code /chatkit/threads/cthr_00001 -X DELETE)" 405
    expect "$(code /chatkit/threads -d '{}')" 405
    expect "$(code /models)" 404
    expect "$(code /chatkit/sessions)" 404
    expect "$(code /chatkit/threads/../../models --path-as-is)" 404
    expect_requests 0
}

@test "every byte comes as it was sent, the first time and from what is kept" {
    start_gateway
    # A zero, half a pair of surrogates, what is no UTF-8, a number of many digits, white space.
    page='{\"object\": \"list\",\n \"data\":[{\"id\":\"a\",\"x\": \"\\u0000\\ud83d \udcff\udcfe é\",'
    page+='\"n\":2.50000000000000000000000001}],\t\"has_more\":true,\"last_id\":\"a\"}\n\n'
    control POST /faults '{"kind": "body", "times": null, "body": "'"$page"'"}' >/dev/null
    curl -sS -H "Authorization: Bearer $KEY" "$DIRECT$FIRST" -o "$BATS_TEST_TMPDIR/direct"
    LC_ALL=C grep -qP '\xff\xfe' "$BATS_TEST_TMPDIR/direct"
    for number in 1 2; do
        get "$FIRST" -o "$BATS_TEST_TMPDIR/$number"
        cmp "$BATS_TEST_TMPDIR/direct" "$BATS_TEST_TMPDIR/$number"
        second_passes
    done
    expect_requests 2 # without the gateway, and with it
}

@test "pages that are too large are asked for in smaller ones, as without a gateway" {
    start_gateway
    fault alter 'limit=100&order=asc' '"pad": 17000000, "times": null'
    mount_fs
    expect_items "$MNT/cthr_00001" 250
    expect_requests 5 'items.limit=50&order=asc'
}

# --- Without a gateway -----------------------------------------------------------------------

@test "a machine can begin with a copy of another one's cache" {
    "$CHATKITFS" --sync --cache-dir="$BATS_TEST_TMPDIR/cache" >/dev/null
    cp -a "$BATS_TEST_TMPDIR/cache" "$BATS_TEST_TMPDIR/copy"
    control POST /reset >/dev/null
    mount_fs --cache-dir="$BATS_TEST_TMPDIR/copy" --ttl=1d
    expect_items "$MNT/cthr_00001" 250
    expect_requests 0
}

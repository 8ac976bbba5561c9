# SPDX-License-Identifier: MIT
#
# The API behind TLS and HTTP/2, as the real one is: nginx in front of the sandbox, with a
# certificate of our own.

load helper

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 220 3)
    make_certificate right localhost
    make_certificate other other.example
    export BACKEND=${SANDBOX%/sandbox} ACCESS=$BATS_FILE_TMPDIR/access.log
    run_nginx "$BATS_FILE_TMPDIR/nginx" servers
    export PORT OTHER_PORT HTTP1_PORT SHORT_PORT
    export OPENAI_BASE_URL=https://localhost:$PORT/v1
    export SSL_CERT_FILE=$BATS_FILE_TMPDIR/right.pem
}

server() { # PORT PROTOCOLS CERTIFICATE [DIRECTIVES]
    printf 'server { listen 127.0.0.1:%s %s; location / { proxy_pass %s; } %s
        ssl_certificate %s.pem; ssl_certificate_key %s.key; }\n' "$1" "$2" "$BACKEND" \
        "${4:-}" "$BATS_FILE_TMPDIR/$3" "$BATS_FILE_TMPDIR/$3"
}

servers() {
    PORT=$(free_port) OTHER_PORT=$(free_port) HTTP1_PORT=$(free_port) SHORT_PORT=$(free_port)
    cat <<EOF
    log_format connections '\$server_protocol \$ssl_protocol \$connection \$ssl_session_reused'
        ' \$sent_http_content_encoding \$http_accept_encoding';
    access_log $ACCESS connections;
    proxy_http_version 1.1;
    ssl_session_cache shared:sessions:1m;
    gzip on;
    gzip_types application/json;
    gzip_proxied any;
    gzip_min_length 1;
    $(server "$PORT" 'ssl http2' right)
    $(server "$OTHER_PORT" 'ssl http2' other)
    $(server "$HTTP1_PORT" ssl right)
    $(server "$SHORT_PORT" ssl right 'keepalive_requests 4;')
EOF
}

# Names are resolved as everywhere; nothing must be asked of a proxy of the machine's.
export no_proxy='*'

# The nth field of the log of all answers, each value once.
logged() {
    cut -d ' ' -f "$1" "$ACCESS" | sort -u
}

# How many connections there were.
expect_connections() {
    expect "$(logged 3 | wc -l)" "$1" "connections"
}

# The same of no more than that many.
expect_connections_at_most() {
    (($(logged 3 | wc -l) <= $1)) || expect_connections "at most $1"
}

# Whether every connection to the server has TCP's keepalive timer running (tr 02 in proc(5)).
kept_alive() {
    awk -v port="$(printf ':%04X' "$PORT")" '
        $3 ~ port "$" && $4 == "01" { seen++; alive += $6 ~ /^02/ }
        END { exit !(seen && seen == alive) }' /proc/net/tcp
}

# The folders of 44 threads, in $names. None is another one's neighbour, by place or by name, so that
# nothing is fetched ahead of who reads them.
list_threads() {
    mapfile -t names < <(find "$MNT" -mindepth 1 -maxdepth 1 -name '*[38]' | sort)
}

# read_at_once LIMIT FOLDER...: a reader for each folder, while no more than LIMIT requests, of which
# there are two rounds, may be under way. First pages are held, a second one is not.
read_at_once() {
    local limit=$1 readers=() name
    shift
    control POST /reset >/dev/null
    fault hold 'asc$' 'times: null'
    for name in "$@"; do
        find "$name" >/dev/null 3>&- &
        readers+=($!)
        started+=($!)
    done
    wait_until held "$limit"
    expect_requests "$limit" 'asc$'
    control POST /release >/dev/null
    wait_until held $(($# - limit)) # one less if there had been one too many
    expect_requests $# 'asc$'
    control POST /release >/dev/null
    wait "${readers[@]}"
    control DELETE /faults >/dev/null
}

@test "the whole account comes over HTTP/2 and TLS, compressed, on connections that are kept" {
    : >"$ACCESS"
    mount_fs
    expect "$(find "$MNT" -mindepth 1 -maxdepth 1 | wc -l)" "$(account length)"
    expect "$(find "$MNT" -name '0*.json' | wc -l)" "$(account 'map(.items | length) | add')"
    expect "$(logged 1)" HTTP/2.0
    run -1 grep -vE 'TLSv1\.[23]' "$ACCESS"
    expect_connections_at_most 16
    wait_until kept_alive
    expect "$(logged 5)" gzip
    # All that curl can undo, which its own program offers as well.
    accepted=$(curl -s --noproxy '*' --compressed -o /dev/null -v "$SANDBOX/count" 2>&1 |
        sed -nE 's/\r//; s/^> Accept-Encoding: //p')
    expect "$(cut -d ' ' -f 6- "$ACCESS" | sort -u)" "$accepted"
}

@test "a connection of HTTP/2 carries one request at a time, and is kept" {
    : >"$ACCESS"
    mount_fs
    list_threads
    read_at_once 16 "${names[@]:0:17}"
    find "${names[@]:17:6}" >/dev/null
    read_at_once 16 "${names[@]:23:17}"
    expect "$(logged 1)" HTTP/2.0
    expect_connections 16
}

@test "--concurrency is the number of requests at once" {
    mount_fs --concurrency=3
    list_threads
    read_at_once 3 "${names[@]:0:5}"
}

@test "a server without HTTP/2 gets 16 connections, which are kept" {
    : >"$ACCESS"
    OPENAI_BASE_URL=https://localhost:$HTTP1_PORT/v1 mount_fs
    list_threads
    read_at_once 16 "${names[@]:0:17}"
    find "${names[@]:17:6}" >/dev/null
    read_at_once 16 "${names[@]:23:17}"
    expect "$(logged 1)" HTTP/1.1
    expect_connections 16
}

@test "a later connection takes up the TLS session of an earlier one" {
    : >"$ACCESS"
    OPENAI_BASE_URL=https://localhost:$SHORT_PORT/v1 mount_fs
    list_threads
    find "${names[@]}" >/dev/null
    # 4 requests on each connection, and the first of them has nothing to take up.
    expect "$(cut -d ' ' -f 3,4 "$ACCESS" | uniq | cut -d ' ' -f 2 | uniq)" $'.\nr'
    expect "$(cut -d ' ' -f 4 "$ACCESS" | grep -c -F .)" 4
}

# --- Connections that are lost ---------------------------------------------------------------

# mount_through_proxy: mounts by way of proxy.py, and reads two threads of it.
mount_through_proxy() {
    PROXY_LOG=$BATS_TEST_TMPDIR/proxy.log
    "$BATS_TEST_DIRNAME/proxy.py" "$PORT" "$PROXY_LOG" 3>&- &
    PROXY=$!
    started+=("$PROXY")
    wait_until test -s "$PROXY_LOG"
    OPENAI_BASE_URL=https://localhost:$(head -n 1 "$PROXY_LOG")/v1 mount_fs
    list_threads
    find "${names[@]:0:2}" >/dev/null
    expect_proxied 1
}

# expect_proxied CONNECTIONS
expect_proxied() {
    expect "$(grep -c connected "$PROXY_LOG")" "$1" "connections"
}

@test "a connection that was closed while idle is replaced by one, and nobody notices" {
    mount_through_proxy
    kill -USR2 "$PROXY"
    wait_until grep -q closed "$PROXY_LOG"
    read_at_once 16 "${names[@]:2:17}"
    expect_proxied 17
}

@test "kept connections that went silent hold up one attempt of one request, not one each" {
    mount_through_proxy
    read_at_once 4 "${names[@]:2:4}"
    expect_proxied 4
    kill -USR1 "$PROXY"
    wait_until grep -q silent "$PROXY_LOG"
    control POST /reset >/dev/null
    find "${names[@]:6:8}" >/dev/null
    expect_requests 8 /items
    expect_proxied 5
}

# --- A host that speaks HTTP/2 over some connections alone -----------------------------------

@test "a balancer between a server with HTTP/2 and one without mixes up no answers" {
    local port
    "$BATS_TEST_DIRNAME/balancer.py" "$PORT" "$HTTP1_PORT" >"$BATS_TEST_TMPDIR/balancer" 3>&- &
    started+=($!)
    wait_until test -s "$BATS_TEST_TMPDIR/balancer"
    port=$(<"$BATS_TEST_TMPDIR/balancer")
    export OPENAI_BASE_URL=https://localhost:$port/v1
    for _ in 1 2 3; do
        : >"$ACCESS"
        mount_fs
        # Each item tells its thread.
        expect "$(grep -rhoE 'Word [0-9]+ of [0-9]+' "$MNT" --include=0*.md | sort)" \
            "$(account '.[].items[].content[0].text[:-15]' | sort)"
        while IFS=/ read -r folder _; do
            expect "$(grep -ho ' of [0-9]*' "$MNT/$folder"/0*.md | sort -u)" " of $((10#${folder#*.cthr_}))"
        done < <(cd "$MNT" && ls)
        expect "$(logged 1 | xargs)" "HTTP/1.1 HTTP/2.0"
        unmount
    done
}

# --- Certificates ----------------------------------------------------------------------------

@test "a certificate that nobody trusts" {
    fails certificate env -u SSL_CERT_FILE "$CHATKITFS" "$MNT"
    SSL_CERT_FILE=$BATS_FILE_TMPDIR/other.pem fails certificate "$CHATKITFS" "$MNT"
    expect_requests 0
}

@test "a certificate of another host" {
    OPENAI_BASE_URL=https://localhost:$OTHER_PORT/v1 SSL_CERT_FILE=$BATS_FILE_TMPDIR/other.pem \
        fails certificate "$CHATKITFS" "$MNT"
    expect_requests 0
}

@test "a server that knows nothing newer than TLS 1.1, on a machine that would allow that" {
    local port old=('MinProtocol = TLSv1' 'CipherString = DEFAULT:@SECLEVEL=0')
    port=$(free_port)
    export OPENSSL_CONF=$BATS_TEST_TMPDIR/openssl.cnf OPENAI_BASE_URL=https://localhost:$port/v1
    printf '%s\n' 'openssl_conf = all' '[all]' 'ssl_conf = tls' '[tls]' 'system_default = old' '[old]' \
        "${old[@]}" >"$OPENSSL_CONF"
    openssl s_server -accept "127.0.0.1:$port" -cert "$BATS_FILE_TMPDIR/right.pem" \
        -key "$BATS_FILE_TMPDIR/right.key" -tls1_1 -www >/dev/null 2>&1 3>&- &
    started+=($!)
    # Others do get an answer.
    wait_until curl -s --noproxy '*' --cacert "$SSL_CERT_FILE" --tlsv1.0 -o /dev/null "$OPENAI_BASE_URL"
    fails 'protocol version' "$CHATKITFS" "$MNT"
}

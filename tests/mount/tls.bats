# SPDX-License-Identifier: MIT
#
# The API behind TLS and HTTP/2, as the real one is: nginx in front of the sandbox, with a
# certificate of our own.

load helper

# make_certificate NAME HOST [DAYS]: $BATS_FILE_TMPDIR/NAME.pem and NAME.key.
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "${3:-2}" \
        -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
        -keyout "$BATS_FILE_TMPDIR/$1.key" -out "$BATS_FILE_TMPDIR/$1.pem" 2>/dev/null
}

# A port that nobody has just now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

setup_file() {
    start_sandbox
    make_certificate right localhost
    make_certificate other other.example
    PORT=$(free_port) OTHER_PORT=$(free_port)
    export PORT OTHER_PORT BACKEND=${SANDBOX%/sandbox}
    server() {
        printf 'server { listen 127.0.0.1:%s ssl http2; location / { proxy_pass %s; }
            ssl_certificate %s.pem; ssl_certificate_key %s.key; }\n' "$1" "$BACKEND" \
            "$BATS_FILE_TMPDIR/$2" "$BATS_FILE_TMPDIR/$2"
    }
    cat >"$BATS_FILE_TMPDIR/nginx.conf" <<EOF
daemon off;
pid $BATS_FILE_TMPDIR/nginx.pid;
error_log stderr;
events { }
http {
    log_format protocol '\$server_protocol \$ssl_protocol \$connection';
    access_log $BATS_FILE_TMPDIR/access.log protocol;
    client_body_temp_path $BATS_FILE_TMPDIR/body;
    proxy_temp_path $BATS_FILE_TMPDIR/proxy;
    fastcgi_temp_path $BATS_FILE_TMPDIR/fastcgi;
    uwsgi_temp_path $BATS_FILE_TMPDIR/uwsgi;
    scgi_temp_path $BATS_FILE_TMPDIR/scgi;
    proxy_http_version 1.1;
    $(server "$PORT" right)
    $(server "$OTHER_PORT" other)
}
EOF
    PATH=$PATH:/usr/sbin nginx -c "$BATS_FILE_TMPDIR/nginx.conf" -p "$BATS_FILE_TMPDIR" \
        >"$BATS_FILE_TMPDIR/nginx.log" 2>&1 3>&- &
    started+=($!)
    wait_until curl -s --noproxy '*' --cacert "$BATS_FILE_TMPDIR/right.pem" -o /dev/null \
        "https://localhost:$PORT/sandbox/count"
    export OPENAI_BASE_URL=https://localhost:$PORT/v1
    export SSL_CERT_FILE=$BATS_FILE_TMPDIR/right.pem
}

# Names are resolved as everywhere; nothing must be asked of a proxy of the machine's.
export no_proxy='*'

@test "the whole account comes over HTTP/2 and TLS, on one connection at a time" {
    : >"$BATS_FILE_TMPDIR/access.log"
    mount_fs
    expect "$(find "$MNT" -mindepth 1 -maxdepth 1 | wc -l)" "$(account length)"
    expect "$(find "$MNT" -name '0*.json' | wc -l)" "$(account 'map(.items | length) | add')"
    expect "$(cut -d ' ' -f 1 "$BATS_FILE_TMPDIR/access.log" | sort -u)" HTTP/2.0
    run -1 grep -vE 'TLSv1\.[23]' "$BATS_FILE_TMPDIR/access.log"
    expect "$(cut -d ' ' -f 3 "$BATS_FILE_TMPDIR/access.log" | sort -u | wc -l)" 1
}

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

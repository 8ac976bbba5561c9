#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Which key goes where: every combination of the sources that a key and a base URL can come from, with
# servers that record what they are sent.

load helper

# What becomes of a key of the source on the left with a base URL of the source above. Nobody has both
# of "-": a mount has one profile, that was named or [default].
BASE_URLS=(the-default default environment profile command-line)
TABLE='
command-line    sent    sent    sent    sent    sent
profile         sent    -       refused sent    refused
credential      sent    refused sent    refused sent
environment     sent    refused sent    refused sent
default         sent    sent    refused -       refused'

# From the first to the last that a setting is taken from.
ORDER=(command-line profile credential environment default)

# How messages call them. (-g: bats reads this file within a function.)
declare -gA KEY_FROM=(
    [command-line]=--api-key-file
    [profile]='api-key-file of the profile work'
    [credential]='the systemd credential openai-api-key'
    [environment]=OPENAI_API_KEY
    [default]='api-key-file of the profile default'
)
declare -gA URL_FROM=(
    [command-line]=--base-url
    [profile]='base-url of the profile work'
    [environment]=OPENAI_BASE_URL
    [default]='base-url of the profile default'
    [the-default]='the default'
)

setup_file() {
    make_certificate openai api.openai.com
    python3 "$BATS_TEST_DIRNAME/key_listener.py" "$BATS_FILE_TMPDIR" "$BATS_FILE_TMPDIR"/openai.{pem,key} \
        command-line profile environment default proxy 2>"$BATS_FILE_TMPDIR/listener.log" 3>&- &
    started+=("$!")
    wait_until test -s "$BATS_FILE_TMPDIR/ports"
    export LISTENER=$!
}

teardown_file() {
    end_process "$LISTENER"
    end_everything "$BATS_FILE_TMPDIR"
}

setup() {
    local source
    MNT=$BATS_TEST_TMPDIR/mnt
    LOG=$BATS_TEST_TMPDIR/log
    CONFIG=$BATS_TEST_TMPDIR/config
    RECORDED=$BATS_FILE_TMPDIR/recorded
    declare -gA PORT
    while IFS='=' read -r source port; do
        PORT[$source]=$port
    done <"$BATS_FILE_TMPDIR/ports"
    unset OPENAI_API_KEY OPENAI_BASE_URL CREDENTIALS_DIRECTORY no_proxy NO_PROXY
    export https_proxy=http://127.0.0.1:${PORT[proxy]} SSL_CERT_FILE=$BATS_FILE_TMPDIR/openai.pem
    mkdir "$MNT" "$BATS_TEST_TMPDIR"/{keys,credentials}
    for source in command-line profile default; do
        write_key "$BATS_TEST_TMPDIR/keys/$source" "key-$source"
    done
    write_key "$BATS_TEST_TMPDIR/credentials/openai-api-key" key-credential
    : >"$RECORDED"
    watchdog 3>&- &
    started+=($!)
}

write_key() {
    (umask 077 && printf '%s\n' "$2" >"$1")
}

url() {
    echo "http://127.0.0.1:${PORT[$1]}/v1"
}

# has SOURCES SOURCE
has() {
    [[ " $1 " == *" $2 "* ]]
}

# section NAME SOURCE KEYS URLS
section() {
    printf '[%s]\norganization=org-%s\nproject=proj-%s\n' "$1" "$2" "$2"
    ! has "$3" "$2" || printf 'api-key-file=%s/keys/%s\n' "$BATS_TEST_TMPDIR" "$2"
    ! has "$4" "$2" || printf 'base-url=%s\n' "$(url "$2")"
}

# arrange KEYS URLS: has the sources of the two lists give a key or a base URL. All but the command line
# give organization and project in any case. Sets COMMAND, to which PROFILE: and the like are added.
arrange() {
    {
        section default default "$1" "$2"
        section work profile "$1" "$2"
    } >"$CONFIG"
    COMMAND=(env OPENAI_ORG_ID=org-environment OPENAI_PROJECT_ID=proj-environment)
    ! has "$1" environment || COMMAND+=(OPENAI_API_KEY=key-environment)
    ! has "$2" environment || COMMAND+=("OPENAI_BASE_URL=$(url environment)")
    ! has "$1" credential || COMMAND+=("CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/credentials")
    COMMAND+=("$CHATKITFS" --config="$CONFIG")
    ! has "$1" command-line || COMMAND+=(--api-key-file="$BATS_TEST_TMPDIR/keys/command-line")
    ! has "$2" command-line || COMMAND+=(--base-url="$(url command-line)")
}

# outcome KEY URL: of the table.
outcome() {
    local key cells i
    while read -r key cells; do
        [[ $key == "$1" ]] || continue
        read -ra cells <<<"$cells"
        for i in "${!BASE_URLS[@]}"; do
            [[ ${BASE_URLS[i]} != "$2" ]] || echo "${cells[i]}"
        done
    done <<<"$TABLE"
}

# record KEY URL [ORGANIZATION PROJECT]: the line of a request.
record() {
    local with=$1 host=$2
    [[ $with != credential ]] || with=environment # organization and project are the environment's
    [[ $host != the-default ]] || host=api.openai.com:443
    if [[ $1 == command-line ]]; then
        echo "$host key-$1 ${3:--} ${4:--}"
    else
        echo "$host key-$1 ${3:-org-$with} ${4:-proj-$with}"
    fi
}

# sent LINE: that is what all requests since the last call were like.
sent() {
    expect "$(sort -u "$RECORDED")" "$1" "what was sent, by ${COMMAND[*]}"
    : >"$RECORDED"
}

# names_sources KEY URL KEYS URLS: so does the message, $stderr, and it has no other variable in it. KEYS and
# URLS are the sources that have one.
names_sources() {
    local variables remedy
    [[ $stderr == *"${KEY_FROM[$1]}"*"${URL_FROM[$2]}"* ]] ||
        expect "$stderr" "…${KEY_FROM[$1]}…${URL_FROM[$2]}…"
    variables=$(grep -oE 'OPENAI_[A-Z_]+' <<<"$stderr") || true
    expect "$variables" "$(printf '%s\n' "${KEY_FROM[$1]}" "${URL_FROM[$2]}" | sed '/^OPENAI_/!d')" \
        "variables in: $stderr"
    [[ $stderr != *key-environment* && $stderr != *key-default* && $stderr != *key-profile* ]]
    case $2 in
        profile | default)
            remedy="set api-key-file=FILE or api-key-env=VARIABLE in the profile "
            ! has "$3" "$2" || remedy="name the profile to use its own key ($2:)" ;;
        *)
            remedy="set base-url=URL in the profile "
            ! has "$4" "$1" || remedy="name the profile to use its own URL ($1:)"
            [[ $2 != command-line ]] || ! has "$4" "$1" || remedy="leave out --base-url, " ;;
    esac
    [[ $stderr == *": $remedy"* ]] || expect "$stderr" "…: $remedy…"
}

# first SOURCES LEFT_OUT: the source that counts of those, where another profile is mounted than LEFT_OUT.
first() {
    local source
    for source in "${ORDER[@]}"; do
        if [[ $source != "$2" ]] && has "$1" "$source"; then
            echo "$source"
            return
        fi
    done
}

# subsets WORD...: all of them, one a line.
subsets() {
    local bits i line
    for ((bits = 0; bits < 1 << $#; bits++)); do
        line=
        for ((i = 1; i <= $#; i++)); do
            ! ((bits >> (i - 1) & 1)) || line+="${!i} "
        done
        echo "$line"
    done
}

# check_all SOURCE PROFILE OTHER: --check with every set of sources of key and URL. OTHER is the profile
# of the two that is not mounted, and always has everything.
check_all() {
    local keys urls key url arguments=() count=0
    [[ -z $2 ]] || arguments=("$2")
    while read -r keys; do
        while read -r urls; do
            arrange "$keys $3" "$urls $3"
            COMMAND+=(--check "${arguments[@]}")
            key=$(first "$keys" "$3") url=$(first "$urls" "$3")
            url=${url:-the-default}
            count=$((count + 1))
            run --separate-stderr "${COMMAND[@]}"
            if [[ -z $key ]]; then
                [[ $status == 1 && $stderr == *"no API key"* ]] || expect "$status $stderr" "no API key"
                sent ''
            elif [[ $(outcome "$key" "$url") == sent ]]; then
                expect "$status" 0 "status of ${COMMAND[*]}: $stderr"
                sent "$(record "$key" "$url")"
                [[ $output == *"(${URL_FROM[$url]}), answers"*"${KEY_FROM[$key]}"?(")")", accepted"* ]] ||
                    expect "$output" "…(${URL_FROM[$url]}), answers…${KEY_FROM[$key]}, accepted"
            else
                expect "$(outcome "$key" "$url") $status" "refused 1" "${COMMAND[*]}: $output$stderr"
                sent ''
                names_sources "$key" "$url" "$keys" "$urls"
            fi
        done < <(subsets command-line "$1" environment)
    done < <(subsets command-line "$1" credential environment)
    expect "$count" 128 "combinations"
}

@test "a key goes only where it belongs: every combination, with a named profile" {
    check_all profile work: default
}

@test "a key goes only where it belongs: every combination, without a named profile" {
    check_all default '' profile
}

@test "so it is when mounting, by every pair of sources" {
    local key url arguments count=0
    for key in "${ORDER[@]}"; do
        for url in "${BASE_URLS[@]}"; do
            [[ $(outcome "$key" "$url") != - ]] || continue
            count=$((count + 1))
            arguments=()
            [[ $key != profile && $url != profile ]] || arguments=(work:)
            arrange "$key" "$url"
            if [[ $(outcome "$key" "$url") == refused ]]; then
                fails 'which may be another server' "${COMMAND[@]}" "${arguments[@]}" "$MNT"
                names_sources "$key" "$url"
                sent ''
                continue
            fi
            run -0 "${COMMAND[@]}" "${arguments[@]}" "$MNT" 3>&-
            FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
            expect "$(ls "$MNT")" cthr_1
            unmount
            sent "$(record "$key" "$url")"
        done
    done
    expect "$count" 23 "pairs"
}

@test "organization and project of the command line go with any key" {
    local key arguments
    for key in "${ORDER[@]}"; do
        arguments=()
        [[ $key != profile ]] || arguments=(work:)
        arrange "$key" ''
        quiet "${COMMAND[@]}" --check --organization=org-1 --project=proj-1 "${arguments[@]}"
        [[ $output == *"organization   org-1 (--organization)"*"project        proj-1 (--project)"* ]]
        sent "$(record "$key" the-default org-1 proj-1)"
    done
}

@test "an organization that is left out is told, unless the key is a profile's own" {
    arrange command-line ''
    run -0 --separate-stderr "${COMMAND[@]}" --check
    expect "$stderr" \
        "chatkitfs: OPENAI_ORG_ID is not sent with the API key from --api-key-file: give --organization if it belongs to that
chatkitfs: OPENAI_PROJECT_ID is not sent with the API key from --api-key-file: give --project if it belongs to that"
    arrange environment ''
    run -0 --separate-stderr "${COMMAND[@]}" --check --project=proj-1 work:
    expect "$stderr" \
        "chatkitfs: organization of the profile work is not sent with the API key from OPENAI_API_KEY: give --organization if it belongs to that"
    quiet "${COMMAND[@]}" --check
    arrange profile ''
    quiet "${COMMAND[@]}" --check work:
    arrange default ''
    quiet "${COMMAND[@]}" --check
}

@test "api-key-env makes a variable the profile's key, on the command line any server's" {
    local variable
    for variable in OPENAI_API_KEY WORK_KEY; do
        arrange environment profile
        printf 'api-key-env=%s\n' "$variable" >>"$CONFIG"
        quiet env WORK_KEY=key-environment "${COMMAND[@]}" --check work:
        [[ $output == *"key            from $variable (api-key-env of the profile work), accepted"* ]]
        sent "$(record environment profile org-profile proj-profile)"
        sed -i '$d' "$CONFIG"
        run -0 --separate-stderr env WORK_KEY=key-environment "${COMMAND[@]}" --check --api-key-env="$variable" work:
        [[ $output == *"key            from $variable (--api-key-env), accepted"* ]]
        sent "profile key-environment - -"
    done
    arrange environment profile
    echo api-key-env=WORK_KEY >>"$CONFIG"
    fails 'the variable that api-key-env of the profile work names is not set' "${COMMAND[@]}" work: "$MNT"
    WORK_KEY='' fails 'is not set' "${COMMAND[@]}" work: "$MNT"
    fails 'contradict' "${COMMAND[@]}" --api-key-env=A --api-key-file=b work: "$MNT"
    sent ''
}

@test "what to do about a key or server names where it comes from" {
    arrange profile profile
    sed -i "s,^base-url=.*,base-url=http://127.0.0.1:1/v1," "$CONFIG"
    fails 'check that the server runs and that base-url of the profile work is right' "${COMMAND[@]}" work: "$MNT"
    fails 'check that the server runs and that --base-url is right' "$CHATKITFS" \
        --api-key-file="$BATS_TEST_TMPDIR/keys/profile" --base-url=http://127.0.0.1:1/v1 "$MNT"
    OPENAI_BASE_URL=http://127.0.0.1:1/v1 OPENAI_API_KEY=k fails 'and that OPENAI_BASE_URL is right' \
        "$CHATKITFS" "$MNT"
}

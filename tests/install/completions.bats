# SPDX-License-Identifier: MIT
# The completions of bash, zsh and fish, as these shells complete a line that somebody types.

load ../mount/helper

COMPLETIONS=$REPOSITORY/data/completions

setup() {
    export HOME=$BATS_TEST_TMPDIR/home
    unset XDG_CONFIG_HOME
    mkdir -p "$HOME/.config/chatkitfs" "$HOME/threads" "$HOME/worn"
    printf '%s\n' '# [commented]' '[default]' 'ttl=1m' '[work]' '[word-count]' >"$HOME/.config/chatkitfs/config"
    printf '%s\n' '[elsewhere]' >"$HOME/other.conf"
    cd "$HOME"
    watchdog 3>&- &
    started+=($!)
}

# by_hand SHELL FILE: in an interactive shell, as these two have no other way. What Tab makes of a line,
# and all that could stand at its end.
by_hand() {
    SHELL_NAME=$1 FILE=$COMPLETIONS/$2
}

tab() {
    python3 "$BATS_TEST_DIRNAME/complete.py" "$SHELL_NAME" "$FILE" "$1" t 3>&-
}

# Without the line, one on each line, and without what a shell puts behind it to go on: a slash, a comma.
all() {
    local typed
    typed=$(python3 "$BATS_TEST_DIRNAME/complete.py" "$SHELL_NAME" "$FILE" "$1" a 3>&-)
    tr -s ' ' '\n' <<<"$typed" | sed "1,$(wc -w <<<"${1% *}")d; /^$/d; s,[/,]$,,; s,\\\\,,g" | LC_ALL=C sort
}

completes_profiles_and_directories() {
    expect "$(tab 'chatkitfs def')" 'chatkitfs default: ' "$SHELL_NAME: a section"
    expect "$(all 'chatkitfs wor')" $'word-count:\nwork:\nworn' "$SHELL_NAME: sections and directories"
    expect "$(tab 'chatkitfs --config=other.conf el')" 'chatkitfs --config=other.conf elsewhere: ' "$SHELL_NAME: --config"
    expect "$(tab 'chatkitfs -o ro,config=other.conf el')" 'chatkitfs -o ro,config=other.conf elsewhere: ' "$SHELL_NAME: config="
    expect "$(tab 'chatkitfs -f work: thr')" 'chatkitfs -f work: threads/' "$SHELL_NAME: a mountpoint"
    expect "$(tab 'chatkitfs work: def')" 'chatkitfs work: def' "$SHELL_NAME: one section is enough"
    expect "$(tab 'chatkitfs --cache-dir=thr')" 'chatkitfs --cache-dir=threads/' "$SHELL_NAME: a directory"
    expect "$(tab 'chatkitfs --api-key-file=oth')" 'chatkitfs --api-key-file=other.conf ' "$SHELL_NAME: a file"
    expect "$(tab 'chatkitfs -o ro,api_key_file=oth' | sed 's/[ ,]*$//')" 'chatkitfs -o ro,api_key_file=other.conf' "$SHELL_NAME: -o, a file"
    export A_KEY_OF_MINE=1
    expect "$(tab 'chatkitfs --api-key-env=A_KEY_O')" 'chatkitfs --api-key-env=A_KEY_OF_MINE ' "$SHELL_NAME: a variable"
    expect "$(tab 'chatkitfs -o ro,api_key_env=A_KEY_O' | sed 's/[ ,]*$//')" 'chatkitfs -o ro,api_key_env=A_KEY_OF_MINE' "$SHELL_NAME: -o, a variable"
}

@test "bash" {
    by_hand bash chatkitfs.bash
    expect "$(tab 'chatkitfs --gr')" 'chatkitfs --group-by=user '
    expect "$(tab 'chatkitfs --sin')" 'chatkitfs --since='
    expect "$(tab 'chatkitfs --strict --off')" 'chatkitfs --strict --offline '
    expect "$(tab 'chatkitfs --names=t')" 'chatkitfs --names=title '
    expect "$(tab 'chatkitfs --formats=json,tr')" 'chatkitfs --formats=json,transcript'
    expect "$(all 'chatkitfs --cache-')" $'--cache-dir=\n--cache-size='
    expect "$(tab 'chatkitfs -o gro')" 'chatkitfs -o group_by=user'
    expect "$(tab 'chatkitfs -o ro,names=i')" 'chatkitfs -o ro,names=id'
    expect "$(all 'chatkitfs -o ro,allow')" $'ro,allow_delete\nro,allow_other\nro,allow_root'
    completes_profiles_and_directories
}

@test "zsh" {
    by_hand zsh _chatkitfs
    expect "$(tab 'chatkitfs --gr')" 'chatkitfs --group-by='
    expect "$(tab 'chatkitfs --group-by=')" 'chatkitfs --group-by=user '
    expect "$(tab 'chatkitfs --strict --off')" 'chatkitfs --strict --offline '
    expect "$(tab 'chatkitfs --names=t')" 'chatkitfs --names=title '
    expect "$(tab 'chatkitfs --formats=json,tr')" 'chatkitfs --formats=json,transcript,'
    expect "$(all 'chatkitfs --cache-')" $'--cache-dir\n--cache-size='
    expect "$(tab 'chatkitfs -o gro')" 'chatkitfs -o group_by='
    expect "$(tab 'chatkitfs -o group_by=')" 'chatkitfs -o group_by=user,'
    expect "$(tab 'chatkitfs -o ro,names=i')" 'chatkitfs -o ro,names=id,'
    expect "$(all 'chatkitfs -o ro,allow')" $'ro,allow_delete\nro,allow_other\nro,allow_root'
    completes_profiles_and_directories
}

# fish LINE: what it offers, without the descriptions.
fish_offers() {
    fish -N -c 'source $argv[1]; complete -C $argv[2]' "$COMPLETIONS/chatkitfs.fish" "$1" 3>&- | cut -f 1 | LC_ALL=C sort
}

@test "fish" {
    expect "$(fish_offers 'chatkitfs --gr')" --group-by
    expect "$(fish_offers 'chatkitfs --group-by=')" --group-by=user
    expect "$(fish_offers 'chatkitfs --names=')" $'--names=id\n--names=title'
    expect "$(fish_offers 'chatkitfs --formats=json,tr')" --formats=json,transcript
    expect "$(fish_offers 'chatkitfs --cache-')" $'--cache-dir\n--cache-size'
    expect "$(fish_offers 'chatkitfs -o gro')" group_by=user
    expect "$(fish_offers 'chatkitfs -o ro,names=')" $'ro,names=id\nro,names=title'
    expect "$(fish_offers 'chatkitfs -o ro,allow')" $'ro,allow_delete\nro,allow_other\nro,allow_root'
    expect "$(fish_offers 'chatkitfs -o ro,api_key_file=oth')" ro,api_key_file=other.conf
    export A_KEY_OF_MINE=1
    expect "$(fish_offers 'chatkitfs -o ro,api_key_env=A_KEY_O')" ro,api_key_env=A_KEY_OF_MINE
    expect "$(fish_offers 'chatkitfs --api-key-env=A_KEY_O')" --api-key-env=A_KEY_OF_MINE
    expect "$(fish_offers 'chatkitfs wor')" $'word-count:\nwork:\nworn/'
    expect "$(fish_offers 'chatkitfs --config=other.conf el')" elsewhere:
    expect "$(fish_offers 'chatkitfs -o ro,config=other.conf el')" elsewhere:
    expect "$(fish_offers 'chatkitfs -f work: thr')" threads/
    expect "$(fish_offers 'chatkitfs work: def')" ''
    expect "$(fish_offers 'chatkitfs --cache-dir=thr')" --cache-dir=threads/
    expect "$(fish_offers 'chatkitfs --api-key-file=oth')" --api-key-file=other.conf
}

# --refresh is for what a chatkitfs serves: the rest of the mount table is none of it.
@test "mounts, after --refresh and --delete" {
    start_sandbox
    MNT=$HOME/a\ mount
    mkdir "$MNT"
    "$CHATKITFS" "$MNT" 3>&-
    by_hand bash chatkitfs.bash
    expect "$(tab "chatkitfs --refresh $HOME/a")" "chatkitfs --refresh ${MNT/ /\\ }/" bash
    expect "$(tab "chatkitfs --delete one two $HOME/a")" "chatkitfs --delete one two ${MNT/ /\\ }/" bash
    expect "$(tab "chatkitfs --delete ${MNT/ /\\ }/Wrong")" \
        "chatkitfs --delete ${MNT/ /\\ }/Wrong-colour-delivered-order-LO-90718.cthr_d93896a84f406bd1aee16d4c/" bash
    by_hand zsh _chatkitfs
    expect "$(tab "chatkitfs --refresh $HOME/a")" "chatkitfs --refresh ${MNT/ /\\ }" zsh
    expect "$(tab "chatkitfs --delete one two $HOME/a")" "chatkitfs --delete one two ${MNT/ /\\ }" zsh
    expect "$(fish_offers "chatkitfs --refresh $HOME/a" | grep -v '/$')" "$MNT" fish
    expect "$(fish_offers "chatkitfs --delete one two $HOME/a" | grep -v '/$')" "$MNT" fish
}

long_options() {
    grep -oE -- "$1" | sed -E 's/^(--| -l )//' | LC_ALL=C sort -u
}

@test "every long option of --help is in the manual and in each completion, and no other" {
    local options
    options=$("$CHATKITFS" --help | long_options '--[a-z][a-z-]*')
    [[ $options == *$'\ngroup-by\n'* ]]
    expect "$(long_options '--[a-z][a-z-]*' <"$COMPLETIONS/chatkitfs.bash")" "$options" bash
    expect "$(long_options '--[a-z][a-z-]*' <"$COMPLETIONS/_chatkitfs")" "$options" zsh
    expect "$(grep '^complete ' "$COMPLETIONS/chatkitfs.fish" | long_options ' -l [a-z][a-z-]*')" "$options" fish
    expect "$(sed -n '/^# OPTIONS/,/^# FSTAB/s/^\*-/&/p' "$REPOSITORY/fs/chatkitfs.1.scd" |
        long_options '--[a-z][a-z-]*')" "$options" "the manual"
}

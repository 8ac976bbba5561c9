# SPDX-License-Identifier: MIT
# bash completion for chatkitfs(1). Needs nothing of the package bash-completion, which loads it.

# Sections of the configuration file that the words of the line name, or of the user's own.
_chatkitfs_profiles() {
    local word file=${XDG_CONFIG_HOME:-$HOME/.config}/chatkitfs/config
    for word; do
        case $word in
        --config=* | *,config=* | config=*)
            file=${word#*config=}
            file=${file%%,*}
            ;;
        esac
    done
    # Only such as need no quotes.
    sed -n 's/^[[:space:]]*\[\([[:alnum:]_.@+-]*\)\][[:space:]]*$/\1:/p' "${file/#~\//$HOME/}" 2>/dev/null
}

# Where a chatkitfs serves a mount.
_chatkitfs_mountpoints() {
    local place type
    while read -r _ place type _; do
        [[ $type != fuse.chatkitfs ]] || printf '%b\n' "${place//\\/\\0}"
    done </proc/self/mounts
}

_chatkitfs() {
    local options='--group-by=user --user= --since= --until= --names= --formats= --base-url=
        --api-key-file= --api-key-env= --organization= --project= --concurrency= --page-size= --timeout= --ttl=
        --relist= --strict --refresh --allow-delete --delete --idle-for= --yes --dry-run --offline
        --sync --cache-dir= --cache-size= --config= --check --help --version -f -d -s -o -h -V'
    local mount_options='group_by=user user= since= until= names= formats= base_url= api_key_file=
        api_key_env= organization= project= concurrency= page_size= timeout= ttl= relist= strict
        allow_delete offline cache_dir= cache_size= config= allow_other allow_root default_permissions nonempty ro
        noatime fsname='
    local words=() arguments=() rest=$COMP_LINE word cur prev list='' before='' i
    COMPREPLY=()

    # readline ends words at "=" and ":", where chatkitfs does not.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("$word")
        else
            words[-1]+=$word
        fi
        rest=${rest#"$word"}
    done
    cur=${words[-1]}
    prev=
    ((${#words[@]} < 3)) || prev=${words[-2]}
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        if [[ ${words[i]} == -o ]]; then
            ((++i))
        elif [[ ${words[i]} != -* ]]; then
            arguments+=("${words[i]}")
        fi
    done

    # An option of -o is completed as what follows the last comma, with "_" for "-".
    local name=$cur
    if [[ $prev == -o ]]; then
        name=${cur##*,}
        before=${cur%"$name"}
        [[ $name == *=* ]] || list=$mount_options
        [[ $name == formats=* ]] || compopt -o nospace
        name=--${name//_/-}
    fi
    if [[ -z $list ]]; then
        case $name in
        --group-by=*) list=user ;;
        --names=*) list='title id' ;;
        --formats=*) list='json md transcript jsonl' ;;
        --ttl=* | --relist=*) list=inf ;;
        --api-key-file=* | --config=*) compopt -o default ;;
        --api-key-env=*) list=$(compgen -e) ;;
        --cache-dir=*) compopt -o dirnames ;;
        --*=*) ;;
        -*) list=$options ;;
        esac
        case $name in
        --formats=*) # another one after a comma or colon
            before=${cur%"${cur##*[=,:]}"}
            compopt -o nospace
            ;;
        --*=*) before=${cur%"${cur##*=}"} ;;
        esac
    fi

    if [[ -n $list ]]; then
        mapfile -t COMPREPLY < <(compgen -P "$before" -W "$list" -- "${cur#"$before"}")
        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
    elif [[ $cur != -* && $prev != -o ]]; then
        [[ " ${words[*]} " != *' --delete '* ]] || arguments=() # there may be any number
        if [[ " ${words[*]} " == *' --refresh '* || " ${words[*]} " == *' --delete '* ]]; then
            list=$(_chatkitfs_mountpoints)
        elif ((${#arguments[@]} == 0)); then
            list=$(_chatkitfs_profiles "${words[@]}")
        fi
        while read -r word; do
            [[ -z $word || $word != "$cur"* || $word == "$cur" ]] || COMPREPLY+=("$word")
        done <<<"$list"
        ((${#arguments[@]} > 1)) || compopt -o plusdirs
    fi

    # readline replaces only the last of the words that it has made of this one.
    before=${cur%"${COMP_WORDS[COMP_CWORD]#[=:]}"}
    [[ -z $before ]] || COMPREPLY=("${COMPREPLY[@]#"$before"}")
} && complete -o nosort -F _chatkitfs chatkitfs

# SPDX-License-Identifier: MIT
# fish completion for chatkitfs(1).

# Sections of the configuration file that the line names, or of the user's own.
function __chatkitfs_profiles
    set -l file "$HOME/.config/chatkitfs/config"
    set -q XDG_CONFIG_HOME; and test -n "$XDG_CONFIG_HOME"; and set file "$XDG_CONFIG_HOME/chatkitfs/config"
    for word in (commandline -opc)
        set -l named (string match -r -- '^(?:--|.*,|)config=([^,]*)' $word)[2]
        and set file (string replace -r '^~/' "$HOME/" -- $named)
    end
    test -r "$file"
    and string match -rg '^\s*\[(.*)\]\s*$' <"$file" | string replace -r '$' ':\tprofile'
end

# Where a chatkitfs serves a mount.
function __chatkitfs_mountpoints
    while read -l source place type rest
        test "$type" = fuse.chatkitfs
        and printf '%b\tmounted\n' (string replace -a '\\' '\\0' -- $place)
    end </proc/self/mounts
end

# Arguments before the one that is completed.
function __chatkitfs_arguments
    set -l count 0
    set -l words (commandline -opc)
    set -l skip
    for word in $words[2..-1]
        if test -n "$skip"
            set skip
        else if test "$word" = -o
            set skip yes
        else if not string match -q -- '-*' $word
            set count (math $count + 1)
        end
    end
    echo $count
end

# What stands before the last option of -o, with each option that could be next.
function __chatkitfs_mount_options
    set -l before (string replace -r '[^,]*$' '' -- (commandline -ct | string replace -r '^-o' ''))
    switch (string replace -r '^.*,' '' -- (commandline -ct | string replace -r '^-o' ''))
        case 'group_by=*'
            printf '%sgroup_by=user\n' $before
        case 'names=*'
            printf "$before%s\n" names=title names=id
        case 'formats=*'
            printf "$before%s\n" formats={json,md,transcript,jsonl}
        case 'api_key_env=*'
            printf "$before%s\n" api_key_env=(set -nx)
        case 'api_key_file=*' 'config=*' 'cache_dir=*'
            set -l name (string match -r -- '[a-z_]*=' (commandline -ct | string replace -r '^.*,' ''))
            __fish_complete_path (string replace -r '^.*=' '' -- (commandline -ct)) | string replace -r '^' "$before$name"
        case '*'
            printf "$before%s\n" \
                group_by=user\t'a folder for each user' \
                user=\t'only this user\'s threads' \
                since=\t'only threads created from then on' \
                until=\t'only threads created up to then' \
                names=\t'how threads\' folders are called' \
                formats=\t'files that are listed, separated by colons' \
                base_url=\t'the API' \
                api_key_file=\t'the API key' \
                api_key_env=\t'the variable that has it' \
                organization=\t'sent with each request' \
                project=\t'sent with each request' \
                concurrency=\t'requests under way at once' \
                page_size=\t'threads or items asked for at once' \
                timeout=\t'seconds that an operation waits' \
                ttl=\t'how long what is known counts as current' \
                relist=\t'when all threads are listed anew' \
                strict\t'what can\'t be checked is an error' \
                allow_delete\t'let chatkitfs --delete delete threads' \
                offline\t'show what the cache has' \
                cache_dir=\t'keep what was fetched' \
                cache_size=\t'how much of it' \
                config=\t'the configuration' \
                allow_other\t'let other users in' \
                allow_root\t'let root in' \
                default_permissions\t'have the kernel check modes' \
                nonempty\t'mount on a directory with something in it' \
                ro\t'read-only, as it is' \
                noatime\t'keep no times of access' \
                fsname=\t'name in the mount table'
    end
end

complete -c chatkitfs -f
complete -c chatkitfs -n 'test (__chatkitfs_arguments) = 0; and not __fish_contains_opt refresh; and not __fish_contains_opt delete' -a '(__chatkitfs_profiles)'
complete -c chatkitfs -n 'test (__chatkitfs_arguments) -lt 2; and not __fish_contains_opt refresh; and not __fish_contains_opt delete' -a '(__fish_complete_directories)'
complete -c chatkitfs -n '__fish_contains_opt refresh; or __fish_contains_opt delete' -a '(__chatkitfs_mountpoints)'
complete -c chatkitfs -n '__fish_contains_opt refresh; or __fish_contains_opt delete' -a '(__fish_complete_directories)'

complete -c chatkitfs -l group-by -x -a user -d 'A folder for each user'
complete -c chatkitfs -l user -x -d 'Only this user\'s threads'
complete -c chatkitfs -l since -x -d 'Only threads created from then on'
complete -c chatkitfs -l until -x -d 'Only threads created up to then'
complete -c chatkitfs -l names -x -a 'title id' -d 'How threads\' folders are called'
complete -c chatkitfs -l formats -x -a '(__fish_append , json md transcript jsonl)' -d 'Files that are listed'
complete -c chatkitfs -l base-url -x -d 'The API, with its /v1'
complete -c chatkitfs -l api-key-file -r -F -d 'The API key'
complete -c chatkitfs -l api-key-env -x -a '(set -nx)' -d 'The variable that has it'
complete -c chatkitfs -l organization -x -d 'Sent with each request'
complete -c chatkitfs -l project -x -d 'Sent with each request'
complete -c chatkitfs -l concurrency -x -d 'Requests under way at once'
complete -c chatkitfs -l page-size -x -d 'Threads or items asked for at once'
complete -c chatkitfs -l timeout -x -d 'Seconds that an operation waits'
complete -c chatkitfs -l ttl -x -a inf -d 'How long what is known counts as current'
complete -c chatkitfs -l relist -x -a inf -d 'When all threads are listed anew'
complete -c chatkitfs -l strict -d 'What can\'t be checked is an error'
complete -c chatkitfs -l refresh -d 'Have a mount check everything now'
complete -c chatkitfs -l allow-delete -d 'Let chatkitfs --delete delete threads'
complete -c chatkitfs -l delete -d 'Delete the threads of folders'
complete -c chatkitfs -l idle-for -x -d 'With --delete, those idle for so long'
complete -c chatkitfs -l yes -d 'With --delete, do not ask'
complete -c chatkitfs -l dry-run -d 'With --delete, only show'
complete -c chatkitfs -l offline -d 'Show what the cache has'
complete -c chatkitfs -l sync -d 'Bring everything into the cache'
complete -c chatkitfs -l cache-dir -x -a '(__fish_complete_directories)' -d 'Keep what was fetched'
complete -c chatkitfs -l cache-size -x -d 'How much of it'
complete -c chatkitfs -l config -r -F -d 'The configuration'
complete -c chatkitfs -l check -d 'Check configuration, key and server'
complete -c chatkitfs -s f -d 'Stay in the foreground'
complete -c chatkitfs -s d -d 'The same, and print requests of the kernel'
complete -c chatkitfs -s s -d 'Accepted and ignored'
complete -c chatkitfs -s o -x -a '(__chatkitfs_mount_options)' -d 'Options, separated by commas'
complete -c chatkitfs -s h -l help -d 'Print a summary'
complete -c chatkitfs -s V -l version -d 'Print the version'

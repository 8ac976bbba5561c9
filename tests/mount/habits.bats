# SPDX-License-Identifier: MIT
#
# What people and programs do to folders deletes no thread, also in a mount with --allow-delete: whether
# they mean to delete or not.

load helper

# The mount is within a directory in which somebody works, with a repository.
setup_file() {
    start_sandbox
}

setup() {
    WORK=$BATS_TEST_TMPDIR/project
    MNT=$WORK/threads
    LOG=$BATS_TEST_TMPDIR/log
    mkdir -p "$MNT"
    control POST /reset >/dev/null
    watchdog 3>&- &
    started+=($!)
    export WORK MNT
}

# Each is run by bash in $WORK. There are: $MNT, the mount; $T, a folder in it; $N, its name; $F, a file in that;
# $L, the thread's bare id, a link; $A, archives and folders that have a file or a folder called $N.
habits() {
    cat <<'END'
# Clearing away what is empty.
cd "$MNT" && rmdir --ignore-fail-on-non-empty *
cd "$MNT" && rmdir -p "$N"
rmdir "$T"
rmdir "$L"
rmdir "$L/"
rm -d "$T"
find "$MNT" -type d -empty -delete
find "$MNT" -type d -delete
find "$MNT" -depth -type d -exec rmdir {} ';'
find "$MNT" -mindepth 1 -type d -print0 | xargs -0 rmdir
find . -xdev -depth -type d -exec rmdir --ignore-fail-on-non-empty {} +
fdfind -t d . "$MNT" -x rmdir
ls -d "$MNT"/* | parallel rmdir
python3 -c 'import os, sys; [os.rmdir(os.path.join(p, d)) for p, ds, fs in os.walk(sys.argv[1], topdown=False) for d in ds]' "$MNT"
python3 -c 'import os, sys; os.removedirs(sys.argv[1])' "$T"
python3 -c 'import pathlib, sys; pathlib.Path(sys.argv[1]).rmdir()' "$T"
perl -e 'rmdir $_ or warn $! for @ARGV' "$MNT"/*
perl -MFile::Find -e 'finddepth(sub { rmdir $_ }, @ARGV)' "$MNT"
node -e 'require("fs").rmdirSync(process.argv[1])' "$T"
zsh -fc 'zmodload -F zsh/files b:zf_rmdir && zf_rmdir $1/*(/)' zsh "$MNT"
fish -N -c 'for d in $argv/*; rmdir $d; end' "$MNT"
vim -es -u NONE -c "call delete('$T', 'd')" -c 'qa!'
# Clearing away files of some kind, and old ones.
find "$MNT" -name '*.md' -delete
find "$MNT" -mindepth 1 -mtime +1 -delete
find "$MNT" -mindepth 1 -not -newermt 2030-01-01 -exec rm -rf {} +
rg -l . "$MNT" | head -n 50 | xargs rm -f
rm -f "$T"/*
rm -f "$F" "$L"
unlink "$F"
shred -u "$F"
fdfind -e json . "$MNT" -X rm -f
# Bringing something in, to where there is something already.
tar -xf "$A/file.tar" -C "$MNT"
tar -xf "$A/folder.tar" -C "$MNT"
tar -xf "$A/file.tar" -C "$MNT" --unlink-first
tar -xf "$A/file.tar" -C "$MNT" --recursive-unlink
tar -xf "$A/folder.tar" -C "$MNT" --recursive-unlink
tar -xf "$A/file.tar" -C "$MNT" --overwrite
tar -xf "$A/folder.tar" -C "$MNT" --overwrite-dir
tar -xf "$A/folder.tar" -C "$MNT" --listed-incremental=/dev/null
unzip -o "$A/file.zip" -d "$MNT"
unzip -o "$A/folder.zip" -d "$MNT"
python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$A/file.tar" "$MNT"
python3 -c 'import shutil, sys; shutil.unpack_archive(*sys.argv[1:])' "$A/file.zip" "$MNT"
dpkg-deb -x "$A/package.deb" "$MNT"
rsync -a "$A/file/" "$MNT/"
rsync -a --force "$A/file/" "$MNT/"
rsync -a --delete "$A/empty/" "$MNT/"
rsync -a --delete --delete-excluded --exclude='*.md' "$A/empty/" "$MNT/"
rsync -a --delete --force --ignore-errors "$A/file/" "$MNT/"
rsync -a --inplace --delete-before "$A/folder/" "$MNT/"
cp -r "$A/folder/$N" "$MNT"
cp -rT --remove-destination "$A/file/$N" "$T"
cp -a --force "$A/file/$N" "$MNT"
cp --backup=numbered "$A/file/$N" "$MNT"
mv -f "$A/folder/$N" "$MNT"
mv -fT "$A/folder/$N" "$T"
mv -f "$A/file/$N" "$MNT"
mv -fT "$A/file/$N" "$T"
mv --backup=simple -T "$A/folder/$N" "$T"
install -D "$A/file/$N" "$T"
install -d "$T"
ln -sfT /tmp "$T"
ln -sfn /tmp "$L"
ln -f "$F" "$T/new"
python3 -c 'import os, sys; os.rename(*sys.argv[1:])' "$A/empty" "$T"
python3 -c 'import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], dirs_exist_ok=True)' "$A/folder" "$MNT"
python3 -m venv --clear --without-pip "$T"
git clone "$WORK" "$T"
git init "$T"
git worktree add --force "$T"
curl -sS -o "$F" "file://$A/file/$N"
# Taking something out.
mv "$T" "$A/"
mv -f "$MNT"/* "$A/"
rsync -a --remove-source-files "$T/" "$A/taken/"
tar -cf "$A/taken.tar" --remove-files -C "$MNT" "$N"
cd "$MNT" && zip -qrm "$A/taken.zip" "$N"
python3 -c 'import shutil, sys; shutil.move(*sys.argv[1:])' "$T" "$A"
gio move "$T" "$A"
rename.ul cthr_ old_ "$MNT"/*
mv "$T" "$MNT/renamed"
# Work above it.
git stash -u
git stash --all
git clean -fdx
git clean -ffdx
git clean -fdX
git checkout -f other
git reset --hard other
git rm -rf --ignore-unmatch threads
git apply "$A/removes.patch"
patch -p1 -E -f -i "$A/removes.patch"
git read-tree -um other
# Meaning it.
rm -rf "$T"
rm -rf "$L/"
rm -rf "$MNT"/*
rm -rf "$MNT"
rm -r --interactive=never "$T"
fakeroot rm -rf "$T"
find "$T" -delete
python3 -c 'import shutil, sys; shutil.rmtree(sys.argv[1])' "$T"
python3 -c 'import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)' "$MNT"
perl -MFile::Path=remove_tree -e 'remove_tree(@ARGV)' "$T"
node -e 'require("fs").rmSync(process.argv[1], {recursive: true, force: true})' "$T"
zsh -fc 'zmodload -F zsh/files b:zf_rm && zf_rm -rf $1' zsh "$T"
vim -es -u NONE -c "call delete('$T', 'rf')" -c 'qa!'
gio remove -f "$T"
gio trash "$T"
python3 -c 'import ctypes, sys; c = ctypes.CDLL(None, use_errno=True); print(c.unlinkat(-100, sys.argv[1].encode(), 0x200), ctypes.get_errno())' "$T"
python3 -c 'import ctypes, sys; c = ctypes.CDLL(None, use_errno=True); a, b = (p.encode() for p in sys.argv[1:]); print(c.renameat2(-100, a, -100, b, 2), ctypes.get_errno())' "$T" "$MNT/cthr_3"
END
}

# Made anew for each, since some take them away.
make_archives() {
    rm -rf "$A"
    mkdir -p "$A"/{file,folder/"$N",empty,package/DEBIAN}
    echo file >"$A/file/$N"
    echo file >"$A/folder/$N/0001-user.md"
    tar -cf "$A/file.tar" -C "$A/file" "$N"
    tar -cf "$A/folder.tar" -C "$A/folder" "$N"
    (cd "$A/file" && zip -qr ../file.zip .)
    (cd "$A/folder" && zip -qr ../folder.zip .)
    cp "$A/file/$N" "$A/package"
    printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n' >"$A/package/DEBIAN/control"
    dpkg-deb --build "$A/package" "$A/package.deb" >/dev/null
    diff -u --label "a${F#"$WORK"}" --label /dev/null "$F" /dev/null >"$A/removes.patch" || true
}

# A repository in which the mount is not known; its branch "other" has a file where the mount is.
make_repository() {
    git init -q -b main
    git config user.email a@b
    git config user.name a
    echo one >notes
    git add notes
    git commit -qm one
    git branch other
    git checkout -q other
    mkdir -p "$BATS_TEST_TMPDIR/tree"
    echo two >"$BATS_TEST_TMPDIR/tree/threads"
    git --work-tree="$BATS_TEST_TMPDIR/tree" add -f threads
    git commit -qm two
    git symbolic-ref HEAD refs/heads/main
    git reset -q
}

# All that the mount shows: names, modes, sizes, times, and what is in the files.
everything() {
    (cd "$MNT" && find . -printf '%P %m %s %T@\n' | sort && find . -type f -exec md5sum {} + | sort)
}

# run_habits [OPTION]...: none of them deletes, or changes, anything. What has not run at all proves nothing.
run_habits() {
    local habit before count=0
    cd "$WORK"
    make_repository
    "$CHATKITFS" --allow-delete --ttl=1d "$@" "$MNT" 3>&-
    before=$(everything)
    T=$(find "$MNT" -type d -name 'Wrong-colour*')
    N=${T##*/} F=$T/0001-user.md L=${T%/*}/${T##*.} A=$BATS_TEST_TMPDIR/brought
    export T N F L A
    export HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1 XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
    while IFS= read -r habit; do
        [[ $habit != '#'* ]] || continue
        make_archives
        git symbolic-ref HEAD refs/heads/main && git reset -q
        run timeout "$WATCHDOG" bash -c "$habit" </dev/null
        # Neither was there no such program, nor did it not understand.
        if ((status == 124 || status == 126 || status == 127)) ||
            [[ $output =~ (not found|No module named|[Uu]nknown option|nrecognized option|nvalid option|SyntaxError) ]]; then
            expect "$status: $output" "it runs" "$habit"
        fi
        expect_requests 0 ^DELETE || expect "a thread is deleted" "none" "$habit"
        count=$((count + 1))
    done < <(habits)
    expect "$(everything)" "$before" "what the mount shows after all of that"
    expect "$(control GET /account | jq length)" 41 "threads on the server"
    ((count >= 100))
}

@test "no habit deletes a thread" {
    run_habits
}

@test "nor where users have folders" {
    run_habits --group-by=user
}

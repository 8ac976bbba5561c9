"""The same tree on tmpfs, which no file system of user space can beat."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator, Optional

from .account import Account
from .processes import output_of

BLOCK = 4096


def tmpfs_for(account: Account) -> Optional[Path]:
    """A tmpfs with enough room for the account's files; None where there is none."""
    need = account.files * 2 * BLOCK + account.all_items * 3 * 1024
    for name in (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm", tempfile.gettempdir()):
        if name and os.access(name, os.W_OK) and \
                output_of("stat", "-f", "-c", "%T", name) == "tmpfs" and \
                shutil.disk_usage(name).free > need:
            return Path(name)
    return None


@contextlib.contextmanager
def copied(source: Path, directory: Path) -> Iterator[Path]:
    """A copy of a folder in a new directory, removed with the block."""
    directory.mkdir(mode=0o700)
    try:
        subprocess.run(["cp", "-a", source, directory / "tree"], check=True)
        yield directory / "tree"
    finally:
        remove(directory)


def remove(directory: Path) -> None:
    subprocess.run(["rm", "-rf", "--one-file-system", directory])

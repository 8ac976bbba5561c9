"""What the parts of the bench share: the program, the sizes, and an account that is served."""

import contextlib
import itertools
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Optional

from .account import Account
from .mount import Mount, mounted
from .pages import write_pages
from .processes import output_of
from .server import Server, serving
from .table import Samples
from .tree import remove


@dataclass
class Bench:
    program: Path
    client: Optional[Path]  # the node_modules that OpenAI's client is in
    work: Path  # a directory of the bench's own
    runs: int
    milliseconds: float  # a round trip of the delayed network
    http2: bool
    walks: Account
    latency: Account
    rclone: Account
    memory: list[Account]
    first: list[int]  # threads
    pages: int
    tries: int  # of each signal to who waits
    samples: Samples = field(default_factory=Samples)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def place(self, name: str) -> Path:
        """A path in the bench's directory that nobody used yet."""
        return self.work / f"{name}-{next(self.numbers)}"

    @contextlib.contextmanager
    def served(self, account: Account) -> Iterator[Server]:
        say(f"generating {account}")
        pages = self.place("pages")
        try:
            write_pages(account, pages)
            with serving(pages, self.place("nginx")) as server:
                yield server
        finally:
            remove(pages)

    def mounted(self, url: str, **options) -> contextlib.AbstractContextManager[Mount]:
        return mounted(self.program, url, self.work / "mnt", **options)


def local(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


def say(text: str) -> None:
    """What is being done, for who waits."""
    print(text, file=sys.stderr, flush=True)


def machine(bench: Bench) -> str:
    """What the figures hang on besides the program, as Markdown."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text()
                .splitlines() if line.startswith("model name")), os.uname().machine)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    system = output_of("sh", "-c", ". /etc/os-release && echo $PRETTY_NAME")
    versions = {
        "libfuse": output_of("fusermount3", "-V").rpartition(" ")[2],
        "libcurl": output_of("curl", "-V").partition(" ")[2].partition(" ")[0],
        "nginx": output_of("nginx", "-v").rpartition("/")[2],
        "GNU grep": output_of("grep", "-V").partition("\n")[0].rpartition(" ")[2],
        "ripgrep": output_of("rg", "-V").partition("\n")[0].partition(" ")[2].partition(" ")[0],
        "node": output_of("node", "-v").lstrip("v"),
        "rclone": output_of("rclone", "version").partition("\n")[0].rpartition(" ")[2].lstrip("v"),
    }
    return (f"{output_of(bench.program, '-V').splitlines()[0]} on {cpu}, {os.cpu_count()} cores, "
            f"{memory:.0f} GiB; {system}, Linux {os.uname().release}; "
            + ", ".join(f"{name} {version}" for name, version in versions.items() if version)
            + f". Medians of {bench.runs} interleaved runs.")

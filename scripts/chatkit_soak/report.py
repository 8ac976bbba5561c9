"""The table at the end, and the line of each minute."""

from .daemon import Look, Watch
from .history import History
from .readers import Tally


def mebibytes(size: float) -> str:
    return f"{size / 2**20:.1f} MiB"


def minute(number: int, tally: Tally, look: Look, requests: int) -> str:
    errors = tally.all_errors()
    return (f"{number:3} min  {sum(tally.runs.values()):,} operations, {sum(errors.values()):,} "
            f"errors, {sum(tally.wrong.values())} wrong, {len(tally.hung)} hung; {requests:,} "
            f"requests; {mebibytes(look.resident)}, {look.descriptors} descriptors, "
            f"{look.threads} threads")


def columns(rows: list[list[str]]) -> list[str]:
    """Lines with the first column on the left, the others on the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join([row[0].ljust(widths[0]),
                       *(text.rjust(width) for text, width in zip(row[1:], widths[1:]))]).rstrip()
            for row in rows]


def by_program(tally: Tally) -> list[str]:
    errors = tally.all_errors()
    names = [name for name, _ in errors.most_common()]
    rows = [["program", "runs", "failed", *names]]
    for program in sorted(tally.runs):
        counts = tally.errors[program]
        rows.append([program, f"{tally.runs[program]:,}", f"{tally.failed[program]:,}",
                     *(f"{counts[name]:,}" for name in names)])
    rows.append(["all", f"{sum(tally.runs.values()):,}", f"{sum(tally.failed.values()):,}",
                 *(f"{errors[name]:,}" for name in names)])
    return columns(rows)


def table(tally: Tally, history: History, watch: Watch, end: Look, requests: int,
          changes: int) -> list[str]:
    start = watch.looks[0]
    most = max(watch.looks, key=lambda look: look.resident).resident
    facts = [
        *((kind, f"{count}") for kind, count in tally.wrong.items()),
        ("hung", f"{len(tally.hung)}; the longest wait was {tally.longest:.1f} s"),
        ("changes", f"{changes:,}; a new thread was listed after {history.latest:.0f} s or before"),
        ("requests", f"{requests:,}"),
        ("memory", f"{mebibytes(start.resident)} → {mebibytes(end.resident)}, at most "
                   f"{mebibytes(most)}; {watch.slope():+.0f} KiB a minute"),
        ("descriptors", f"{start.descriptors} → {end.descriptors} "
                        f"({start.sockets} → {end.sockets} sockets)"),
        ("threads", f"{start.threads} → {end.threads}"),
    ]
    width = max(len(name) for name, _ in facts)
    return [*by_program(tally), "", *(f"{name.ljust(width)}  {text}" for name, text in facts)]

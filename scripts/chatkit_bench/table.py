"""Samples, and the rows that are made of them: one table in Markdown."""

from collections import defaultdict
from statistics import median
from typing import NamedTuple, Optional

HEAD = ("| measure | median | range | against | ratio | target | met |\n"
        "|---|--:|--:|---|--:|--:|---|")


class Row(NamedTuple):
    measure: str
    value: str = ""
    spread: str = ""
    against: str = ""
    ratio: str = ""
    target: str = ""
    met: Optional[bool] = None

    def __str__(self) -> str:
        met = {None: "", True: "yes", False: "**no**"}[self.met]
        return "| " + " | ".join([*self[:-1], met]) + " |"


def title(text: str) -> Row:
    return Row(f"**{text}**")


class Samples(defaultdict):
    """Name of a measure: its values, in the order of the runs."""

    def __init__(self):
        super().__init__(list)

    def median(self, name: str) -> float:
        return median(self[name])


class Limit(NamedTuple):
    """A target for a number."""
    sign: str  # ≤ or ≥ or <
    bound: float

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:,g}" if self.bound < 1e6 else f"{self.sign} {self.bound:,}"

    def met(self, number: float) -> bool:
        return {"≤": number <= self.bound, "≥": number >= self.bound,
                "<": number < self.bound}[self.sign]


def at_most(bound: float) -> Limit:
    return Limit("≤", bound)


def at_least(bound: float) -> Limit:
    return Limit("≥", bound)


def timed(measure: str, values: list[float], against: str = "", base: Optional[float] = None,
          limit: Optional[Limit] = None) -> Row:
    """Seconds, as a ratio to the seconds of something else, and the limit of that ratio."""
    ratio = median(values) / base if base else None
    return Row(measure, seconds(median(values)), spread(values, seconds),
               f"{against} {seconds(base)}" if base else "", f"{ratio:.2f}" if base else "",
               str(limit or ""), limit.met(ratio) if limit else None)


def counted(measure: str, values: list[int], limit: Optional[Limit] = None) -> Row:
    """A number of requests; the largest counts."""
    worst = max(values)
    return Row(measure, f"{worst:,}", "" if min(values) == worst else f"from {min(values):,}",
               target=str(limit or ""), met=limit.met(worst) if limit else None)


def left_out(measure: str, why: str) -> Row:
    return Row(measure, f"left out: {why}")


def spread(values: list[float], shown) -> str:
    return f"{shown(min(values))} – {shown(max(values))}" if len(values) > 1 else ""


def seconds(value: float) -> str:
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if value * factor >= 1 or unit == "µs":
            return f"{value * factor:#.3g}".rstrip(".") + f" {unit}"
    raise AssertionError


def mebibytes(value: float) -> str:
    return f"{value / 2**20:.1f} MiB"

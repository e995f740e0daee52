"""The timeline: a lane for every worker name, with its processes as bars and the runs that they carried beneath.

A run's events name their worker, so its lane is never guessed. A run without a worker's events (it was served, or they
are missing) is in the lane of its runner.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page.axis import Axis
from correlator.page.summary import Summary

MAX_LANES: Final = 60
"""How many lanes are drawn; lanes with something open come first."""
MAX_THICK_ROWS: Final = 16
"""A lane with more rows of runs than this has thin rows."""
MIN_WIDTH: Final = 0.4
"""The room that a bar takes in its row at least, in percent of the axis."""
STUB_WIDTH: Final = 4.0
"""The width of a bar for a lifecycle that is over, at an unknown time; in percent of the axis."""


@dataclass(frozen=True)
class Bar:
    """A lifecycle in a lane. ``left`` and ``width`` are in percent of the axis."""

    summary: Summary
    left: float
    width: float
    row: int
    earlier: bool
    """Whether the lifecycle began before the axis does."""
    known: bool
    """Whether the bar's end is the lifecycle's; if not, the bar is a stub that fades out."""
    point: bool
    """Whether the lifecycle has no known start, so that the bar is a point."""
    startup: float = 0
    """The share of the bar before the flow's own code ran, in percent; 0 if that is unknown."""

    def share(self, axis: Axis, at: int) -> float:
        """The place of a time within the bar, in percent."""
        return round(100 * min(max((axis.percent(at) - self.left) / self.width, 0), 1), 1) if self.width else 0


@dataclass
class Lane:
    """A lane of the timeline: of a worker's name, or of a runner."""

    key: str
    name: str
    about: str
    workers: list[Bar] = field(default_factory=list)
    runs: list[Bar] = field(default_factory=list)

    @property
    def worker_rows(self) -> int:
        return max((bar.row for bar in self.workers), default=-1) + 1

    @property
    def run_rows(self) -> int:
        return max((bar.row for bar in self.runs), default=-1) + 1

    @property
    def dense(self) -> bool:
        return self.run_rows > MAX_THICK_ROWS


def lanes_of(shown: Iterable[Summary], axis: Axis) -> tuple[list[Lane], int]:
    """The lanes to draw, and how many are left out. Lanes with something open come first; then they are in the order
    of their names.
    """
    everything = list(shown)
    starts = {it.start_id: it.first for it in everything if it.start_id is not None}
    carried: dict[str, list[Summary]] = {}
    for it in everything:
        if it.outcome is None or _until(it, axis, starts)[0] >= axis.begin:
            carried.setdefault(it.worker or f"runner {it.runner_name or ''}", []).append(it)
    lanes = [_lane(key, of_it, axis, starts) for key, of_it in carried.items()]
    lanes.sort(key=_order)
    return lanes[:MAX_LANES], max(0, len(lanes) - MAX_LANES)


def _order(lane: Lane) -> tuple[bool, list[tuple[int, str]], str]:
    """The sort key of a lane. Numbers in names are compared as numbers: ``worker-2`` comes before ``worker-10``."""
    ended = all(bar.summary.outcome for bar in lane.workers + lane.runs)
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", lane.name.casefold())
    return ended, [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts], lane.key


def _lane(key: str, carried: Sequence[Summary], axis: Axis, starts: Mapping[str, int]) -> Lane:
    named_by = next((it for it in carried if it.kind is Kind.WORKER), carried[0])
    if named_by.worker is None:
        lane = Lane(key, named_by.runner_name or "without a worker", "reported by its runner only")
    else:
        lane = Lane(key, named_by.worker_name or named_by.worker, named_by.pool or "")
    for kind, into in ((Kind.WORKER, lane.workers), (Kind.FLOW_RUN, lane.runs)):
        ends: list[float] = []
        for it in sorted((it for it in carried if it.kind is kind), key=lambda it: (it.first, it.record_id)):
            into.append(_bar(it, axis, starts, ends))
    return lane


def _bar(it: Summary, axis: Axis, starts: Mapping[str, int], ends: list[float]) -> Bar:
    """Place a bar in the first row with room for it. ``ends``: where each row's last bar ends, updated in place."""
    until, known = _until(it, axis, starts)
    left = axis.percent(it.first)
    width = round(axis.percent(max(until, it.first)) - left, 3)
    if not known:
        width = min(STUB_WIDTH, 100 - left)
    row = next((row for row, end in enumerate(ends) if end <= left), len(ends))
    ends[row : row + 1] = [left + max(width, MIN_WIDTH)]
    bar = Bar(it, left, width, row, it.first < axis.begin, known, it.started is None)
    return bar if it.startup is None or it.running is None else replace(bar, startup=bar.share(axis, it.running))


def _until(it: Summary, axis: Axis, starts: Mapping[str, int]) -> tuple[int, bool]:
    """The time up to which a lifecycle's bar is drawn, and whether the lifecycle ended then."""
    if it.runs:
        return axis.end, True
    if it.outcome is Outcome.SUPERSEDED and it.superseded_by is not None and it.superseded_by in starts:
        return starts[it.superseded_by], True
    return it.last, it.outcome not in (Outcome.SUPERSEDED, Outcome.LOST)

"""The picture: a lane for every worker name, its processes as bars, and in them the runs that they carried.

An event of a run says which worker it came from, so a run's lane is never guessed. A run that only a runner told of (it
was served, or its worker's events are missing) is in the lane of the runner.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page.axis import Axis
from correlator.page.seen import Seen

LANES: Final = 60
"""Lanes that are drawn; what is open comes first."""
ROWS: Final = 16
"""Rows of runs in a lane, from which on they are drawn thin."""
POINT: Final = 0.4
"""Percent of the axis that a bar takes at least, where it is about room."""
STUB: Final = 4.0
"""Percent of the axis for a lifecycle whose end nobody knows, and that is not on any more."""


@dataclass(frozen=True)
class Bar:
    """A lifecycle in a lane. ``left`` and ``width`` in percent of the axis."""

    seen: Seen
    left: float
    width: float
    row: int
    earlier: bool
    """Whether it began before the axis does."""
    known: bool
    """Whether it ends where the bar does; a stub fades instead."""
    point: bool
    """Whether only one moment of it is known."""
    startup: float = 0
    """Percent of the bar until the run's own code ran, where that is known."""

    def share(self, axis: Axis, at: int) -> float:
        """How far along the bar a time is, in percent."""
        return round(100 * min(max((axis.percent(at) - self.left) / self.width, 0), 1), 1) if self.width else 0


@dataclass
class Lane:
    """A worker name, or a runner."""

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
        return self.run_rows > ROWS


def lanes_of(shown: Iterable[Seen], axis: Axis) -> tuple[list[Lane], int]:
    """The lanes to draw, those with something open first, then by name; and how many are left out."""
    everything = list(shown)
    starts = {it.start_id: it.first for it in everything if it.start_id is not None}
    carried: dict[str, list[Seen]] = {}
    for it in everything:
        if it.outcome is None or _until(it, axis, starts)[0] >= axis.begin:
            carried.setdefault(it.worker or f"runner {it.runner_name or ''}", []).append(it)
    lanes = [_lane(key, of_it, axis, starts) for key, of_it in carried.items()]
    lanes.sort(key=_order)
    return lanes[:LANES], max(0, len(lanes) - LANES)


def _order(lane: Lane) -> tuple[bool, list[tuple[int, str]], str]:
    """What is open first, then by name, with numbers in it as numbers: ``worker-2`` before ``worker-10``."""
    ended = all(bar.seen.outcome for bar in lane.workers + lane.runs)
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", lane.name.casefold())
    return ended, [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts], lane.key


def _lane(key: str, carried: Sequence[Seen], axis: Axis, starts: Mapping[str, int]) -> Lane:
    teller = next((it for it in carried if it.kind is Kind.WORKER), carried[0])
    if teller.worker is None:
        lane = Lane(key, teller.runner_name or "without a worker", "told by its runner alone")
    else:
        lane = Lane(key, teller.worker_name or teller.worker, teller.pool or "")
    for kind, into in ((Kind.WORKER, lane.workers), (Kind.FLOW_RUN, lane.runs)):
        ends: list[float] = []
        for it in sorted((it for it in carried if it.kind is kind), key=lambda it: (it.first, it.record_id)):
            into.append(_bar(it, axis, starts, ends))
    return lane


def _bar(it: Seen, axis: Axis, starts: Mapping[str, int], ends: list[float]) -> Bar:
    """Place a bar in the first row that is free, and note up to where that is taken."""
    until, known = _until(it, axis, starts)
    left = axis.percent(it.first)
    width = round(axis.percent(max(until, it.first)) - left, 3)
    if not known:
        width = min(STUB, 100 - left)
    row = next((row for row, end in enumerate(ends) if end <= left), len(ends))
    ends[row : row + 1] = [left + max(width, POINT)]
    bar = Bar(it, left, width, row, it.first < axis.begin, known, it.started is None)
    return bar if it.startup is None or it.running is None else replace(bar, startup=bar.share(axis, it.running))


def _until(it: Seen, axis: Axis, starts: Mapping[str, int]) -> tuple[int, bool]:
    """Up to when it is drawn, and whether that is how long it was."""
    if it.runs:
        return axis.end, True
    if it.outcome is Outcome.SUPERSEDED and it.superseded_by is not None and it.superseded_by in starts:
        return starts[it.superseded_by], True
    return it.last, it.outcome not in (Outcome.SUPERSEDED, Outcome.LOST)

"""Turns a snapshot of the stage into the view that the page is rendered from."""

from collections.abc import Iterator, Sequence
from typing import Final

from correlator import page
from correlator.address import Reached
from correlator.glance.merging import Snapshot

REFRESH: Final = 10
"""Seconds after which a browser reloads the page."""


def viewed(snapshot: Snapshot) -> page.View:
    """The view of a snapshot. If the stage has one worker only, the view does not say who holds what."""
    several = len(snapshot.workers) > 1
    return page.View(
        source=snapshot.app_id,
        about=f"{_many(len(snapshot.workers), 'worker')}, {_many(snapshot.partitions, 'partition')}",
        now=snapshot.now,
        open=[it.summary for it in snapshot.open],
        ended=[it.summary for it in snapshot.ended],
        open_total=snapshot.open_total,
        ended_total=snapshot.ended_total,
        usual=snapshot.usual,
        refresh=REFRESH,
        missing=list(_missing(snapshot)),
        holders=[
            page.Holder(
                it.reached.name,
                str(it.reached.address or "none"),
                _numbers(it.partitions) if it.partitions else "none",
                it.missing or ("is recovering" if it.recovering else "answers"),
                complete=not (it.missing or it.recovering),
            )
            for it in snapshot.workers
        ]
        if several
        else (),
        held_by={it.summary.record_id: it.by for it in (*snapshot.open, *snapshot.ended)} if several else {},
    )


def _missing(snapshot: Snapshot) -> Iterator[str]:
    """A sentence for everything that the page should show and cannot."""
    for it in snapshot.workers:
        if it.missing:
            lost = f"{_partitions(it.partitions)} missing here" if it.partitions else "it holds no partition"
            yield f"{_called(it.reached)} {it.missing}: {lost}."
        elif it.recovering:
            yield f"{_called(it.reached)} is recovering: {_partitions(it.recovering)} missing here."
    if snapshot.unheld:
        yield f"Nobody holds {'partition' if len(snapshot.unheld) == 1 else 'partitions'} {_numbers(snapshot.unheld)}."
    if snapshot.alone:
        yield "The group has not said yet who else is in it: what other workers hold is missing here."


def _called(reached: Reached) -> str:
    where = reached.address
    return reached.name if where is None or str(where) == reached.name else f"{reached.name} ({where})"


def _partitions(numbers: Sequence[int]) -> str:
    return f"partition {numbers[0]} is" if len(numbers) == 1 else f"partitions {_numbers(numbers)} are"


def _numbers(numbers: Sequence[int]) -> str:
    """Numbers as text, with three or more in a row written as a range: ``0, 4–7, 9``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _many(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one + 's'}"

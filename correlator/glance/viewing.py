"""The whole stage as the page is told of it."""

from collections.abc import Iterator, Sequence
from typing import Final

from correlator import page
from correlator.address import Reached
from correlator.glance.merging import Whole

REFRESH: Final = 10
"""Seconds after which a browser loads the page again."""


def viewed(whole: Whole) -> page.View:
    """What the page is made from. Where there is one worker, nothing is said of who holds what."""
    several = len(whole.workers) > 1
    return page.View(
        source=whole.app_id,
        about=f"{_many(len(whole.workers), 'worker')}, {_many(whole.partitions, 'partition')}",
        now=whole.now,
        open=[it.seen for it in whole.open],
        ended=[it.seen for it in whole.ended],
        open_total=whole.open_total,
        ended_total=whole.ended_total,
        usual=whole.usual,
        refresh=REFRESH,
        missing=list(_missing(whole)),
        holders=[
            page.Holder(
                it.reached.name,
                str(it.reached.address or "none"),
                _numbers(it.partitions) if it.partitions else "none",
                it.missing or ("is recovering" if it.recovering else "answers"),
                whole=not (it.missing or it.recovering),
            )
            for it in whole.workers
        ]
        if several
        else (),
        held_by={it.seen.record_id: it.by for it in (*whole.open, *whole.ended)} if several else {},
    )


def _missing(whole: Whole) -> Iterator[str]:
    """A sentence for everything that is not on the page."""
    for it in whole.workers:
        if it.missing:
            lost = f"{_partitions(it.partitions)} missing here" if it.partitions else "it holds no partition"
            yield f"{_called(it.reached)} {it.missing}: {lost}."
        elif it.recovering:
            yield f"{_called(it.reached)} is recovering: {_partitions(it.recovering)} missing here."
    if whole.unheld:
        yield f"Nobody holds {'partition' if len(whole.unheld) == 1 else 'partitions'} {_numbers(whole.unheld)}."
    if whole.alone:
        yield "The group has not said yet who else is in it: what other workers hold is missing here."


def _called(reached: Reached) -> str:
    where = reached.address
    return reached.name if where is None or str(where) == reached.name else f"{reached.name} ({where})"


def _partitions(numbers: Sequence[int]) -> str:
    return f"partition {numbers[0]} is" if len(numbers) == 1 else f"partitions {_numbers(numbers)} are"


def _numbers(numbers: Sequence[int]) -> str:
    """With runs of three and more drawn together: ``0, 4–7, 9``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _many(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one + 's'}"

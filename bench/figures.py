"""Several runs as one figure: the median and the spread."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bench.run import Run


class Spread(NamedTuple):
    """The median, minimum and maximum of several runs."""

    median: float
    least: float
    most: float


class Summary(NamedTuple):
    """A contender's figures on an input; None for a figure that no run yielded."""

    whole: Spread | None
    warm: Spread | None
    wall: Spread | None
    memory: Spread | None
    runs: int
    """How many runs count."""
    failures: tuple[str, ...]
    """The reasons why the others do not."""


def spread(values: Iterable[float]) -> Spread | None:
    """The spread of values; None if there are none."""
    sorted_ = sorted(values)
    return Spread(statistics.median(sorted_), sorted_[0], sorted_[-1]) if sorted_ else None


def summary(runs: Sequence[Run]) -> Summary:
    """The summary of one contender's runs on one input."""
    good = [run for run in runs if run.failure is None]
    warm = [run.warm for run in good if run.warm is not None]
    return Summary(
        spread(run.whole for run in good),
        spread(warm) if len(warm) == len(good) else None,  # a few runs would not stand for the others
        spread(run.wall for run in good),
        spread(run.memory for run in good),
        len(good),
        tuple(run.failure for run in runs if run.failure is not None),
    )

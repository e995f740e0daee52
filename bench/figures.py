"""Several runs as one figure: the median, and how far they lie apart."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bench.run import Run


class Spread(NamedTuple):
    """The median of several runs, the least and the most."""

    median: float
    least: float
    most: float


class Summary(NamedTuple):
    """What a contender came to on an input; None where no run can tell."""

    whole: Spread | None
    warm: Spread | None
    wall: Spread | None
    memory: Spread | None
    runs: int
    """That count."""
    failures: tuple[str, ...]
    """Of those that do not."""


def spread(values: Iterable[float]) -> Spread | None:
    """Of these values; None where there are none."""
    sorted_ = sorted(values)
    return Spread(statistics.median(sorted_), sorted_[0], sorted_[-1]) if sorted_ else None


def summary(runs: Sequence[Run]) -> Summary:
    """Of one contender's runs on one input."""
    good = [run for run in runs if run.failure is None]
    warm = [run.warm for run in good if run.warm is not None]
    return Summary(
        spread(run.whole for run in good),
        spread(warm) if len(warm) == len(good) else None,  # those few that could tell would not speak for the others
        spread(run.wall for run in good),
        spread(run.memory for run in good),
        len(good),
        tuple(run.failure for run in runs if run.failure is not None),
    )

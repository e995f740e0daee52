"""Which fault when: a sequence from a seed, the same each time."""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Throw(NamedTuple):
    """A fault to throw."""

    number: int
    fault: str
    after: float
    """Seconds of quiet before it."""
    seed: int
    """Of what the fault itself leaves open: which worker, for how long."""

    def __str__(self) -> str:
        return f"{self.number}. {self.fault}, after {self.after} s"


def schedule(seed: int, faults: Sequence[str]) -> Iterator[Throw]:
    """Rounds without end, each with every fault once, in an order of its own."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    number = 0
    while True:
        for fault in rng.sample(faults, len(faults)):
            number += 1
            yield Throw(number, fault, round(rng.uniform(1, 5), 1), rng.randrange(1 << 16))

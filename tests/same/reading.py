"""How the stage reads a log: which partition when, in slices of which size, when a partition rests, when it changes
hands.

The steps that `teller` takes:

- ``("read", partition, numbers)``: a slice of the raw topic, lines by their numbers - ``("rest", partition, caught_up,
wall)``: nothing waits in a partition of the raw topic - ``("decide", part, most)``: a slice of the topic between the
stages, with at most this many records - ``("decide rest", part, caught_up, wall)``: nothing waits there - ``("hand
over", part)``, ``("hand over raw", partition)``: it is revoked, and given back

With one hop, "read" reads the partition in which subjects are decided.
"""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

Step = tuple[Any, ...]


class Line(NamedTuple):
    """A record of the raw topic. Times: milliseconds, and the wall clock in microseconds, when it is read."""

    value: bytes | None
    partition: int
    key: bytes | None
    timestamp: int
    timestamp_type: int
    wall: int


_REST = (0, 30_000_000, 61_000_000, 3_000_000_000, 8_000_000_000)


def two_hops(lines: Sequence[Line], raw: int, parts: int, rng: random.Random) -> list[Step]:
    """Intake reads, correlate decides."""
    waiting: list[list[int]] = [[] for _ in range(raw)]
    for number, line in enumerate(lines):
        waiting[line.partition].append(number)
    steps: list[Step] = []
    wall, restless, partition = 0, rng.choice((0.0, 0.05, 0.3)), 0
    faithful = rng.choice((0.0, 0.5, 0.95))
    while any(waiting):
        if not waiting[partition] or rng.random() > faithful:
            partition = rng.choice([number for number, rest in enumerate(waiting) if rest])
        size = rng.choice((1, 1, 2, 5, 20, 100))
        numbers, waiting[partition] = waiting[partition][:size], waiting[partition][size:]
        steps.append(("read", partition, numbers))
        wall = max(wall, lines[numbers[-1]].wall)
        if rng.random() < restless:
            wall += rng.choice(_REST)
            rested = rng.randrange(raw)
            steps.append(("rest", rested, not waiting[rested] and rng.random() < 0.8, wall))
        for part in range(parts):
            if rng.random() < 0.8:
                steps.append(("decide", part, rng.choice((1, 3, 10, 1000, 1000))))
            if rng.random() < restless:
                steps.append(("decide rest", part, True, wall))
            if rng.random() < 0.04:
                steps.append(("hand over", part))
        if rng.random() < 0.02:
            steps.append(("hand over raw", rng.randrange(raw)))
    for _ in range(rng.choice((1, 2))):
        wall += rng.choice(_REST)
        steps += [("rest", number, True, wall) for number in range(raw)]
        for part in range(parts):
            steps += [("decide", part, 1 << 30), ("decide rest", part, True, wall)]
    return steps


def one_hop(lines: Sequence[Line], parts: int, rng: random.Random) -> list[Step]:
    """Correlate reads for itself: all events of a key are in one partition, except those with a wrong key."""
    waiting: list[list[int]] = [[] for _ in range(parts)]
    for number, line in enumerate(lines):
        waiting[sum(line.key or b"") % parts].append(number)
    steps: list[Step] = []
    wall, restless = 0, rng.choice((0.0, 0.1, 0.4))
    while any(waiting):
        part = rng.choice([number for number, rest in enumerate(waiting) if rest])
        size = rng.choice((1, 2, 5, 20, 100))
        numbers, waiting[part] = waiting[part][:size], waiting[part][size:]
        steps.append(("read", part, numbers))
        wall = max(wall, lines[numbers[-1]].wall)
        if rng.random() < restless:
            wall += rng.choice(_REST)
            rested = rng.randrange(parts)
            steps.append(("decide rest", rested, not waiting[rested] and rng.random() < 0.8, wall))
        if rng.random() < 0.04:
            steps.append(("hand over", rng.randrange(parts)))
    wall += rng.choice(_REST)
    return steps + [("decide rest", part, True, wall) for part in range(parts)]

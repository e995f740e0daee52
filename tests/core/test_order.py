"""One example in the right, a mixed and the reverse order, with the same final records.

All of it lies within ``tight_timing``, so that any order is one that rule A4 allows; what needs more comes before.
"""

import random
from itertools import permutations

import pytest

from correlator.core import Fate
from correlator.event import Kind
from tests.core.scenes import Scene, cancel, end, rules, start, until

RULES = rules(remember=120)

# Long before: p and q, of another worker, which live for an hour and are superseded meanwhile.
#
# p──q──── ... ────────────────────────────y1───y2
#                  a──x(a)  b  c──z(c)  d──!
# -60 -59          0  0:30  1  2  2:30  3 3:30 4    4:30
#
# a is ended, b is superseded by c, d is cancelled and says no more; y1 and y2 are of another worker's submits: y1 takes
# the most recent, q, and both are ambiguous.
BEFORE = [start("p", -60, "other"), start("q", -59, "other")]
EXAMPLE = [
    start("a", 0),
    end("x", 0.5, "a"),
    start("b", 1),
    start("c", 2),
    end("z", 2.5, "c"),
    start("d", 3),
    cancel("!", 3.5),
    end("y1", 4, worker="other"),
    end("y2", 4.5, worker="other"),
]
RECORDS = {
    "a..x completed follows",
    "b.. superseded by c",
    "c..z completed follows",
    "d../! cancelled",
    "p..y2 completed resource ambiguous",
    "q..y1 completed resource ambiguous",
}
AFTER = [until(60), until(1440)]


def jumbled(seed: int) -> list:
    steps = list(EXAMPLE)
    random.Random(seed).shuffle(steps)
    return steps


ORDERS = {
    "proper": EXAMPLE,
    "backwards": EXAMPLE[::-1],
    "ends first": sorted(EXAMPLE, key=lambda said: said.role),
    "starts first": sorted(EXAMPLE, key=lambda said: said.role, reverse=True),
    **{f"jumbled {seed}": jumbled(seed) for seed in range(20)},
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_the_order_of_arrival_leaves_no_trace(order, times):
    scene = Scene(Kind.FLOW_RUN, RULES).play([*BEFORE, *(said for said in order for _ in range(times)), *AFTER])
    assert scene.records == RECORDS
    assert scene.state is None
    assert scene.fates.count(Fate.DUPLICATE) == len(EXAMPLE) * (times - 1)


@pytest.mark.parametrize("order", list(permutations(["a", "b", "x", "y"])), ids="".join)
def test_twins_in_every_order(order):
    # a──b───────────x──y       tight_timing lies between the starts and the ends, so these come first in time
    # 0  1           7  8       and the starts 8 minutes late, which is within grace: with one answer all the same
    said = {"a": start("a", 0), "b": start("b", 1), "x": end("x", 7), "y": end("y", 8)}
    scene = Scene(Kind.WORKER).play([*(said[id_] for id_ in order), until(100)])
    assert scene.records == {"b..x completed resource ambiguous", "a..y completed resource ambiguous"}

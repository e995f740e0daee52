"""Raw partitions that are read at different speeds, hours apart, give the same records as if all were read live.

An event comes with the clock of its own raw partition, and time passes by the slowest: so what is decided must go by
the events' own clocks (rule T5), not by what else has come by then.
"""

from itertools import permutations

import pytest

from correlator.event import Kind
from tests.core.scenes import Said, Scene, at, cancel, end, start, until

AFTER_ALL = until(100_000)


def live(said: list[Said], kind: Kind) -> set[str]:
    return Scene(kind).play([*sorted(said, key=lambda it: it.occurred), AFTER_ALL, AFTER_ALL]).records


def caught_up(said: list[Said], kind: Kind) -> set[str]:
    """The records if each event comes by a raw partition of its own, and one more lags behind them until
    all have come.
    """
    scene = Scene(kind)
    for it in said:
        scene.let_in(it.event, clock=at(it.occurred), watermark=at(-1))
    scene.play([AFTER_ALL, AFTER_ALL])
    return scene.records


@pytest.mark.parametrize(
    "kind, said, records",
    [
        # a────────────b─y(b)      |                x       a was superseded at 28, and forgotten at 58
        # 0            13 14                        76
        pytest.param(
            Kind.WORKER,
            [start("a", 0), start("b", 13), end("y", 14, "b"), end("x", 76)],
            {"a.. superseded by b", "b..y completed follows", "..x unmatched"},
            id="an end, of a start that was forgotten",
        ),
        # !                     |     x       the cancellation stood alone from 25 on
        # 10                         130
        pytest.param(
            Kind.FLOW_RUN,
            [cancel("!", 10), end("x", 130)],
            {"../! cancelled", "..x unmatched"},
            id="an end without submit, of a cancellation that stood alone",
        ),
        # a──────!             |              x       a was cancelled at 85:30, and forgotten at 115:30
        # 0:30   70:30                        140:30
        pytest.param(
            Kind.FLOW_RUN,
            [start("a", 0.5), cancel("!", 70.5), end("x", 140.5)],
            {"a../! cancelled", "..x unmatched"},
            id="an end, of a start that was cancelled and forgotten",
        ),
        # a──────!             |              ?
        # 2      42                           112
        pytest.param(
            Kind.FLOW_RUN,
            [start("a", 2), cancel("!", 42), cancel("?", 112)],
            {"a../! cancelled", "../? cancelled"},
            id="a second cancellation, of a start that was cancelled and forgotten",
        ),
        # a──────!       b──────x        x could take either; the ambiguity must not depend on what came first
        # 2      22      42     62
        pytest.param(
            Kind.FLOW_RUN,
            [start("a", 2), cancel("!", 22), start("b", 42), end("x", 62)],
            {"a../! cancelled", "b..x completed resource ambiguous"},
            id="an end that could have been a cancelled start's",
        ),
        # x                     |     !       the end was unmatched at 15, and forgotten at 45; dated within tolerance
        pytest.param(
            Kind.FLOW_RUN,
            [end("x", 10), cancel("!", 10.05)],
            {"..x/! cancelled"},
            id="an end without submit, and its cancellation",
        ),
    ],
)
def test_what_was_read_first_leaves_no_trace(kind, said, records):
    assert live(said, kind) == records
    for order in permutations(said):
        assert caught_up(list(order), kind) == records, [it.id for it in order]

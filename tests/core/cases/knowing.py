"""Events that come twice: rule A2."""

from tests.core.cases.case import Case
from tests.core.scenes import cancel, end, start, until

KNOWING = [
    Case(
        "rule A2",
        "duplicates: of a start, an end and a cancellation",
        [start("a", 0), start("a", 0), cancel("!", 1), cancel("!", 1), end("x", 2, "a"), end("x", 2, "a")],
        ["a..x/! cancelled follows"],
    ),
    # a──x(a)   a x     |
    # 0  2      ..      32
    Case(
        "rule A2",
        "duplicates: for remember after the end",
        [start("a", 0), end("x", 2, "a"), until(31.9), start("a", 0), end("x", 2, "a"), until(70)],
        ["a..x completed follows"],
    ),
    # a──x(a)        |x
    # 0  2           32+
    Case(
        "rule A2",
        "duplicates: a repeat after remember is a new event",
        [start("a", 0), end("x", 2, "a"), until(32.1), end("x", 2, "a"), until(48)],
        ["a..x completed follows", "..x unmatched"],
    ),
    Case(
        "rule A2",
        "duplicates: of an end that was published alone",
        [end("x", 0), until(15.1), end("x", 0), until(44), end("x", 0), until(60)],
        ["..x unmatched"],
    ),
    Case(
        "rule A2",
        "duplicates: of a superseded start, whose successor ended",
        [start("a", 0), start("b", 1), end("y", 2, "b"), until(16.1), start("a", 0), start("b", 1), until(60)],
        ["b..y completed follows", "a.. superseded by b"],
    ),
]

"""Whose start is an end's: rules M1 to M9."""

from tests.core.cases.case import UPTIME, Case
from tests.core.scenes import end, rules, start, until

FINDING = [
    # a──x(a)
    # 0  4
    Case(
        "rules M1 and O1", "follows: exactly that start", [start("a", 0), end("x", 4, "a")], ["a..x completed follows"]
    ),
    # a──b──x(a)──y(b)
    # 0  1  4     5
    Case(
        "rule M1",
        "follows: exactly that start, whatever started since",
        [start("a", 0), start("b", 1), end("x", 4, "a"), end("y", 5, "b")],
        ["a..x completed follows", "b..y completed follows"],
    ),
    # x(a) comes first, and a within grace
    # a──x(a)
    # 0  4        arrives: x a
    Case(
        "rules M1 and M5",
        "follows: the end waits for its start",
        [end("x", 4, "a"), start("a", 0)],
        ["a..x completed follows"],
    ),
    # b────────x(a)       15      |
    # 0        6                  21+
    Case(
        "rules M1, M5 and O5",
        "follows: never guessed, though a start could be its own",
        [start("b", 0), end("x", 6, "a"), until(21), until(21.1)],
        ["..x unmatched"],
        open=("b.. open",),
    ),
    # a──x(a)─y(a)     |
    # 0  2    3        18+
    Case(
        "rule M8",
        "follows: a second end of a start is unmatched",
        [start("a", 0), end("x", 2, "a"), end("y", 3, "a"), until(18.1)],
        ["a..x completed follows", "..y unmatched"],
    ),
    # Of two that name one start, the one that occurred first is its end, whatever came first: x takes a from y.
    # a──x(a)─y(a)     |
    # 0  2    3        18+   arrives: a y x
    Case(
        "rules M7 and M8",
        "follows: of two ends the one that occurred first",
        [start("a", 0), end("y", 3, "a"), end("x", 2, "a"), until(18.1)],
        ["a..y completed follows", "a..x completed follows amended", "..y unmatched"],
    ),
    # x(a)─a      a clock runs behind: the end occurred before the start
    # 0    1
    Case(
        "rule M1",
        "follows: an end that occurred before its start",
        [start("a", 1), end("x", 0, "a")],
        ["a..x completed follows"],
    ),
    # a────────────x
    # 0            6
    Case(
        "rules M3 and O1",
        "no follows, one candidate: at once",
        [start("a", 0), end("x", 6)],
        ["a..x completed resource"],
    ),
    # a──────x
    # 0      5     at 5 minutes exactly, Prefect drops follows
    Case(
        "rule M2",
        "no follows: a start tight_timing before it, to the microsecond",
        [start("a", 0), end("x", 5)],
        ["a..x completed resource"],
    ),
    # a─────x             |
    # 0     4:59.999999   20+
    Case(
        "rules M2 and M5",
        "no follows: a start less than tight_timing before it is none",
        [start("a", 0), end("x", 5 - 1 / 60e6), until(20.1)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    # a───────b──x
    # 0       8  10    b is too young, so there is one candidate only
    Case(
        "rules M2 and M3",
        "no follows: the 5-minute rule tells whose end it is",
        [start("a", 0), start("b", 8), end("x", 10)],
        ["a..x completed resource"],
        open=("b.. open",),
    ),
    # a──b─────────x      |    y
    # 0  1         7      12+  13
    Case(
        "rule M4",
        "no follows, several candidates: waits tight_timing, takes the most recent, ambiguous",
        [start("a", 0), start("b", 1), end("x", 7), until(12), until(12.1)],
        ["b..x completed resource ambiguous"],
        open=("a.. open",),
    ),
    # a──b─────────x──y      |
    # 0  1         7  8      13+   two ends are decided in order of occurred
    Case(
        "rule M4",
        "no follows, several candidates: the later end of what was passed over is ambiguous too",
        [start("a", 0), start("b", 1), end("y", 8), end("x", 7), until(12.1), until(13.1)],
        # y, then y and x wait: y could be decided at 13, x at 12; with b taken, a is the only one left for y
        ["a..y completed resource ambiguous", "b..x completed resource ambiguous"],
    ),
    # a──b─────────x      |    y
    # 0  1         7      12+  14     y has one candidate: at once, but a was passed over
    Case(
        "rule M4",
        "no follows: an end of what was passed over is ambiguous, however late",
        [start("a", 0), start("b", 1), end("x", 7), until(12.1), end("y", 14)],
        ["b..x completed resource ambiguous", "a..y completed resource ambiguous"],
    ),
    # a──b──────x      |            (b..x forgotten)  y
    # 0  1      7      12+          42+               50
    Case(
        "rules M4 and M9",
        "no follows: passed over, and what passed over it is forgotten",
        [start("a", 0), start("b", 1), end("x", 7), until(12.1), until(42.2), end("y", 50)],
        ["b..x completed resource ambiguous", "a..y completed resource ambiguous"],
        kind=UPTIME,
        rules=rules(worker_names_shared=True),
    ),
    # a──b──────x y(b)       names b, so x, which waited, is a's alone
    # 0  1      7 5.5
    Case(
        "rules M1 and M4",
        "no follows: several candidates of which one is named by another end",
        [start("a", 0), start("b", 1), end("x", 7), end("y", 5.5, "b")],
        ["a..x completed resource", "b..y completed follows"],
    ),
    # ────x              |
    #     0              15+
    Case(
        "rules M5 and O5",
        "no follows, no candidate: waits grace",
        [end("x", 0), until(15), until(15.1)],
        ["..x unmatched"],
    ),
    # x──────|             a
    # 6      21+           0       a comes after x was published alone
    Case(
        "rule M8",
        "an end once unmatched is spent",
        [end("x", 6), until(21.1), start("a", 0), until(24)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    Case(
        "rule M8",
        "an end once unmatched is spent, though it follows",
        [end("x", 4, "a"), until(19.1), start("a", 0), until(24)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    # a───────x        arrives: x a, within grace
    # 0       6
    Case("rule M5", "no follows: an end before its start", [end("x", 6), start("a", 0)], ["a..x completed resource"]),
    # a─x        tight_timing=0: no rule, any start before it will do
    # 0 1
    Case(
        "rule M2",
        "tight_timing=0: the nearest start before the end",
        [start("a", 0), end("x", 1)],
        ["a..x completed resource"],
        rules=rules(tight_timing=0),
    ),
    # a─b─x |
    # 0 1 2 2+
    Case(
        "rules M2 and M4",
        "tight_timing=0: several candidates wait until time has passed the end",
        [start("a", 0), start("b", 1), end("x", 2), until(2.01)],
        ["b..x completed resource ambiguous"],
        rules=rules(tight_timing=0),
        open=("a.. open",),
    ),
    # x──a        an end is no end of what started after it, follows aside
    # 0  1
    Case(
        "rule M2",
        "tight_timing=0: an end does not end what started after it",
        [start("a", 1), end("x", 0), until(16.1)],
        ["..x unmatched"],
        rules=rules(tight_timing=0),
        open=("a.. open",),
    ),
    # a@w1────x@w2        |
    # 0       6           21+
    Case(
        "rule M2",
        "runs: an end is of the worker that submitted it",
        [start("a", 0, "w1"), end("x", 6, worker="w2"), until(21.1)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    # a@w1─b@w2────x@w1
    # 0    1       7
    Case(
        "rules M2 and M3",
        "runs: another worker's submit is no candidate",
        [start("a", 0, "w1"), start("b", 1, "w2"), end("x", 7, worker="w1")],
        ["a..x completed resource"],
        open=("b.. open",),
    ),
    # a@w1─b@w1─c@w2────x@w1(?) y@w2      x waits for its decision, y need not
    # 0    1    2       8       9
    Case(
        "rule M3",
        "runs: an undecided end does not keep another worker's waiting",
        [
            start("a", 0, "w1"),
            start("b", 1, "w1"),
            start("c", 2, "w2"),
            end("x", 8, worker="w1"),
            end("y", 9, worker="w2"),
        ],
        ["c..y completed resource"],
        open=("a.. open",),  # what is open after the input's end, where x would be decided
    ),
    # a──b─────────x──y      |     y has the candidates that x has, so it waits for x
    # 0  4         9  9:30
    Case(
        "rules M3 and M4",
        "no follows: a later end waits for an undecided one before it",
        [start("a", 0), start("b", 4), end("x", 9), end("y", 9.5), until(14), until(14.1)],
        ["a..y completed resource ambiguous", "b..x completed resource ambiguous"],
    ),
    # a@w1──x@w2(a)     follows says it: the worker does not matter
    # 0     2
    Case(
        "rule M1",
        "runs: follows outranks the worker",
        [start("a", 0, "w1"), end("x", 2, "a", worker="w2")],
        ["a..x completed follows"],
    ),
    # a────────x     y(a), late
    # 0        6     3          arrives: a x y
    Case(
        "rule M6",
        "follows outranks a guess: undone, and decided again",
        [start("a", 0), end("x", 6), end("y", 3, "a"), until(21.1)],
        ["a..x completed resource", "a..y completed follows amended", "..x unmatched"],
    ),
    # a──b──────x         y(b), late: x goes to a, which is then no guess among several
    # 0  1      7  12+    3
    Case(
        "rule M6",
        "follows outranks a guess: which takes another start",
        [start("a", 0), start("b", 1), end("x", 7), until(12.1), end("y", 3, "b")],
        ["b..x completed resource ambiguous", "a..x completed resource", "b..y completed follows amended"],
    ),
    # a──b───────x      |      |
    # 0  2       8      13+    23+    arrives: a x b: x had one candidate, now two; b is the more recent
    Case(
        "rule M3",
        "a guess is decided again when a candidate turns up",
        [start("a", 0), end("x", 8), start("b", 2), until(13.1), until(23.1)],
        ["a..x completed resource", "b..x completed resource ambiguous", "a.. superseded by b amended"],
    ),
]

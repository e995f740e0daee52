"""The rules of DESIGN section 2, each by its name: what comes, in order of arrival, and every version published.

In the timelines, time goes to the right, in minutes: ``a`` ``b`` ``c`` start, ``x`` ``y`` ``z`` end, ``!`` cancels,
``|`` is where time alone has gone to. ``x(a)`` follows ``a``.
"""

from typing import NamedTuple

import pytest

from correlator.core import END_OF_TIME, Rules
from correlator.event import Kind
from tests.core.scenes import Scene, Step, at, cancel, end, identity, rules, start, until

RUN, UPTIME = Kind.FLOW_RUN, Kind.WORKER


class Case(NamedTuple):
    name: str
    steps: list[Step]
    published: list[str]
    kind: Kind = RUN
    rules: Rules = Rules()
    open: tuple[str, ...] = ()


FINDING = [
    # a──x(a)
    # 0  4
    Case("follows: exactly that start", [start("a", 0), end("x", 4, "a")], ["a..x completed follows"]),
    # a──b──x(a)──y(b)
    # 0  1  4     5
    Case(
        "follows: exactly that start, whatever started since",
        [start("a", 0), start("b", 1), end("x", 4, "a"), end("y", 5, "b")],
        ["a..x completed follows", "b..y completed follows"],
    ),
    # x(a) comes first, and a within grace
    # a──x(a)
    # 0  4        arrives: x a
    Case(
        "follows: the end waits for its start",
        [end("x", 4, "a"), start("a", 0)],
        ["a..x completed follows"],
    ),
    # b────────x(a)       15      |
    # 0        6                  21+
    Case(
        "follows: never guessed, though a start could be its own",
        [start("b", 0), end("x", 6, "a"), until(21), until(21.1)],
        ["..x unmatched"],
        open=("b.. open",),
    ),
    # a──x(a)─y(a)     |
    # 0  2    3        18+
    Case(
        "follows: a second end of a start is unmatched",
        [start("a", 0), end("x", 2, "a"), end("y", 3, "a"), until(18.1)],
        ["a..x completed follows", "..y unmatched"],
    ),
    # Of two that name one start, the one that occurred first is its end, whatever came first: x takes a from y.
    # a──x(a)─y(a)     |
    # 0  2    3        18+   arrives: a y x
    Case(
        "follows: of two ends the one that occurred first",
        [start("a", 0), end("y", 3, "a"), end("x", 2, "a"), until(18.1)],
        ["a..y completed follows", "a..x completed follows amended", "..y unmatched"],
    ),
    # x(a)─a      a clock runs behind: the end occurred before the start
    # 0    1
    Case(
        "follows: an end that occurred before its start",
        [start("a", 1), end("x", 0, "a")],
        ["a..x completed follows"],
    ),
    # a────────────x
    # 0            6
    Case("no follows, one candidate: at once", [start("a", 0), end("x", 6)], ["a..x completed resource"]),
    # a──────x
    # 0      5     at 5 minutes exactly, Prefect drops follows
    Case(
        "no follows: a start tight_timing before it, to the microsecond",
        [start("a", 0), end("x", 5)],
        ["a..x completed resource"],
    ),
    # a─────x             |
    # 0     4:59.999999   20+
    Case(
        "no follows: a start less than tight_timing before it is none",
        [start("a", 0), end("x", 5 - 1 / 60e6), until(20.1)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    # a───────b──x
    # 0       8  10    b is too young, so there is one candidate only
    Case(
        "no follows: the 5-minute rule tells whose end it is",
        [start("a", 0), start("b", 8), end("x", 10)],
        ["a..x completed resource"],
        open=("b.. open",),
    ),
    # a──b─────────x      |    y
    # 0  1         7      12+  13
    Case(
        "no follows, several candidates: waits tight_timing, takes the most recent, ambiguous",
        [start("a", 0), start("b", 1), end("x", 7), until(12), until(12.1)],
        ["b..x completed resource ambiguous"],
        open=("a.. open",),
    ),
    # a──b─────────x──y      |
    # 0  1         7  8      13+   two ends are decided in order of occurred
    Case(
        "no follows, several candidates: the later end of what was passed over is ambiguous too",
        [start("a", 0), start("b", 1), end("y", 8), end("x", 7), until(12.1), until(13.1)],
        # y, then y and x wait: y could be decided at 13, x at 12; with b taken, a is the only one left for y
        ["a..y completed resource ambiguous", "b..x completed resource ambiguous"],
    ),
    # a──b─────────x      |    y
    # 0  1         7      12+  14     y has one candidate: at once, but a was passed over
    Case(
        "no follows: an end of what was passed over is ambiguous, however late",
        [start("a", 0), start("b", 1), end("x", 7), until(12.1), end("y", 14)],
        ["b..x completed resource ambiguous", "a..y completed resource ambiguous"],
    ),
    # a──b──────x      |            (b..x forgotten)  y
    # 0  1      7      12+          42+               50
    Case(
        "no follows: passed over, and what passed over it is forgotten",
        [start("a", 0), start("b", 1), end("x", 7), until(12.1), until(42.2), end("y", 50)],
        ["b..x completed resource ambiguous", "a..y completed resource ambiguous"],
        kind=UPTIME,
        rules=rules(worker_names_shared=True),
    ),
    # a──b──────x y(b)       names b, so x, which waited, is a's alone
    # 0  1      7 5.5
    Case(
        "no follows: several candidates of which one is named by another end",
        [start("a", 0), start("b", 1), end("x", 7), end("y", 5.5, "b")],
        ["a..x completed resource", "b..y completed follows"],
    ),
    # ────x              |
    #     0              15+
    Case("no follows, no candidate: waits grace", [end("x", 0), until(15), until(15.1)], ["..x unmatched"]),
    # x──────|             a
    # 6      21+           0       a comes after x was published alone
    Case(
        "an end once unmatched is spent",
        [end("x", 6), until(21.1), start("a", 0), until(24)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    Case(
        "an end once unmatched is spent, though it follows",
        [end("x", 4, "a"), until(19.1), start("a", 0), until(24)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    # a───────x        arrives: x a, within grace
    # 0       6
    Case("no follows: an end before its start", [end("x", 6), start("a", 0)], ["a..x completed resource"]),
    # a─x        tight_timing=0: no rule, any start before it will do
    # 0 1
    Case(
        "tight_timing=0: the nearest start before the end",
        [start("a", 0), end("x", 1)],
        ["a..x completed resource"],
        rules=rules(tight_timing=0),
    ),
    # a─b─x |
    # 0 1 2 2+
    Case(
        "tight_timing=0: several candidates wait until time has passed the end",
        [start("a", 0), start("b", 1), end("x", 2), until(2.01)],
        ["b..x completed resource ambiguous"],
        rules=rules(tight_timing=0),
        open=("a.. open",),
    ),
    # x──a        an end is no end of what started after it, follows aside
    # 0  1
    Case(
        "tight_timing=0: an end does not end what started after it",
        [start("a", 1), end("x", 0), until(16.1)],
        ["..x unmatched"],
        rules=rules(tight_timing=0),
        open=("a.. open",),
    ),
    # a@w1────x@w2        |
    # 0       6           21+
    Case(
        "runs: an end is of the worker that submitted it",
        [start("a", 0, "w1"), end("x", 6, worker="w2"), until(21.1)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    # a@w1─b@w2────x@w1
    # 0    1       7
    Case(
        "runs: another worker's submit is no candidate",
        [start("a", 0, "w1"), start("b", 1, "w2"), end("x", 7, worker="w1")],
        ["a..x completed resource"],
        open=("b.. open",),
    ),
    # a@w1─b@w1─c@w2────x@w1(?) y@w2      x waits for its decision, y need not
    # 0    1    2       8       9
    Case(
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
        "no follows: a later end waits for an undecided one before it",
        [start("a", 0), start("b", 4), end("x", 9), end("y", 9.5), until(14), until(14.1)],
        ["a..y completed resource ambiguous", "b..x completed resource ambiguous"],
    ),
    # a@w1──x@w2(a)     follows says it: the worker does not matter
    # 0     2
    Case(
        "runs: follows outranks the worker",
        [start("a", 0, "w1"), end("x", 2, "a", worker="w2")],
        ["a..x completed follows"],
    ),
    # a────────x     y(a), late
    # 0        6     3          arrives: a x y
    Case(
        "follows outranks a guess: undone, and decided again",
        [start("a", 0), end("x", 6), end("y", 3, "a"), until(21.1)],
        ["a..x completed resource", "a..y completed follows amended", "..x unmatched"],
    ),
    # a──b──────x         y(b), late: x goes to a, which is then no guess among several
    # 0  1      7  12+    3
    Case(
        "follows outranks a guess: which takes another start",
        [start("a", 0), start("b", 1), end("x", 7), until(12.1), end("y", 3, "b")],
        ["b..x completed resource ambiguous", "a..x completed resource", "b..y completed follows amended"],
    ),
    # a──b───────x      |      |
    # 0  2       8      13+    23+    arrives: a x b: x had one candidate, now two; b is the more recent
    Case(
        "a guess is decided again when a candidate turns up",
        [start("a", 0), end("x", 8), start("b", 2), until(13.1), until(23.1)],
        ["a..x completed resource", "b..x completed resource ambiguous", "a.. superseded by b amended"],
    ),
]

ENDING = [
    # a────b          |
    # 0    1          16+
    Case(
        "superseded: grace after a newer start, still without an end",
        [start("a", 0), start("b", 1), until(16), until(16.1)],
        ["a.. superseded by b"],
        open=("b.. open",),
    ),
    # a────b──────x(a)
    # 0    1      3
    Case(
        "not superseded: it ended within grace",
        [start("a", 0), start("b", 1), end("x", 3, "a"), until(16.1)],
        ["a..x completed follows"],
        open=("b.. open",),
    ),
    # a────b──────── | ───x
    # 0    1        16+   30    two candidates: x takes b; a was passed over, and remains superseded
    Case(
        "superseded: a candidate still, while remembered",
        [start("a", 0), start("b", 1), until(16.1), end("x", 30), until(35.1), end("y", 40)],
        [
            "a.. superseded by b",
            "b..x completed resource ambiguous",
            "a..y completed resource ambiguous amended",
        ],
    ),
    # a────────────b | x
    # 0           14 29+ 18     x is late: b is too young for it; a's record is amended, superseded_by cleared
    Case(
        "superseded: a late end within remember amends it, and superseded_by is cleared",
        [start("a", 0), start("b", 14), until(29.1), end("x", 18)],
        ["a.. superseded by b", "a..x completed resource amended"],
        open=("b.. open",),
    ),
    # the same by follows, b forgotten or not
    Case(
        "superseded: a late end by follows",
        [start("a", 0), start("b", 1), until(16.1), until(40), end("x", 4, "a")],
        ["a.. superseded by b", "a..x completed follows amended"],
        open=("b.. open",),
    ),
    # a────b        |           | x(a)
    # 0    1        16+         46+
    Case(
        "superseded: an end after remember met nothing",
        [start("a", 0), start("b", 1), until(16.1), until(46.2), end("x", 4, "a"), until(61.3)],
        ["a.. superseded by b", "..x unmatched"],
        open=("b.. open",),
    ),
    # a──b──c      |
    # 0  1  2      16+ 17+      each by the next, in whatever order they came
    Case(
        "superseded: by the next start after it",
        [start("a", 0), start("c", 2), start("b", 1), until(30)],
        ["a.. superseded by b", "b.. superseded by c"],
        open=("c.. open",),
    ),
    # a────x  b             |     an ended one is not superseded
    # 0    4  5             20+
    Case(
        "superseded: not what has ended",
        [start("a", 0), end("x", 4, "a"), start("b", 5), until(20.1)],
        ["a..x completed follows"],
        open=("b.. open",),
    ),
    # worker names shared: a newer start says nothing
    Case(
        "worker names shared: nothing is superseded",
        [start("a", 0), start("b", 1), until(1000)],
        [],
        kind=UPTIME,
        rules=rules(worker_names_shared=True),
        open=("a.. open", "b.. open"),
    ),
    Case(
        "worker names shared: runs are superseded none the less",
        [start("a", 0), start("b", 1), until(16.1)],
        ["a.. superseded by b"],
        rules=rules(worker_names_shared=True),
        open=("b.. open",),
    ),
    # a───────────────────── 7 d ─|
    Case(
        "lost: a run open for longer than 7 days",
        [start("a", 0), until(7 * 1440), until(7 * 1440 + 1)],
        ["a.. lost"],
    ),
    Case(
        "lost: a worker open for longer than 90 days",
        [start("a", 0), until(90 * 1440), until(90 * 1440 + 1)],
        ["a.. lost"],
        kind=UPTIME,
    ),
    # a──── 60 ─|   x          within remember
    # 0         60+ 80
    Case(
        "lost: a candidate still, while remembered",
        [start("a", 0), until(60.1), end("x", 80)],
        ["a.. lost", "a..x completed resource amended"],
        rules=rules(flow_run_limit=60),
    ),
    Case(
        "lost: an end after remember met nothing",
        [start("a", 0), until(60.1), until(90.2), end("x", 91), until(106.1)],
        ["a.. lost", "..x unmatched"],
        rules=rules(flow_run_limit=60),
    ),
    # a───── 60   b at 50: superseded would be at 65, lost is at 60
    Case(
        "lost: where the limit comes before the grace of a newer start",
        [start("a", 0), start("b", 50), until(80)],
        ["a.. lost"],
        rules=rules(flow_run_limit=60),
        open=("b.. open",),
    ),
]

CANCELLING = [
    # a──!──x(a)
    # 0  1  2
    Case(
        "cancelled: before the end, published when the end comes",
        [start("a", 0), cancel("!", 1), end("x", 2, "a"), until(30)],
        ["a..x/! cancelled follows"],
    ),
    # a──!──────────|
    # 0  1          16+
    Case(
        "cancelled: without an end, grace after the cancellation",
        [start("a", 0), cancel("!", 1), until(16), until(16.1)],
        ["a../! cancelled"],
    ),
    # a──!──────────|──x(a)
    # 0  1          16+ 4
    Case(
        "cancelled: its end comes within remember",
        [start("a", 0), cancel("!", 1), until(16.1), end("x", 4, "a")],
        ["a../! cancelled", "a..x/! cancelled follows amended"],
    ),
    # a────x(a)!
    # 0    4   4:04
    Case(
        "cancelled: after the end, within clock_tolerance",
        [start("a", 0), end("x", 4, "a"), cancel("!", 4 + 4 / 60)],
        ["a..x completed follows", "a..x/! cancelled follows amended"],
    ),
    Case(
        "cancelled: after the end by clock_tolerance exactly",
        [start("a", 0), end("x", 4, "a"), cancel("!", 4 + 5 / 60)],
        ["a..x completed follows", "a..x/! cancelled follows amended"],
    ),
    # a────x(a)  !              |
    # 0    4     4:06           19:06+
    Case(
        "cancelled: after the end, beyond clock_tolerance, it is a record of its own",
        [start("a", 0), end("x", 4, "a"), cancel("!", 4 + 6 / 60), until(20)],
        ["a..x completed follows", "../! cancelled"],
    ),
    # ────!        |
    #     0        15+
    Case("cancelled: no submit at all (a served flow)", [cancel("!", 0), until(15), until(15.1)], ["../! cancelled"]),
    # ────!─"      |
    #     0 1
    Case(
        "cancelled: twice; the earliest tells",
        [start("a", 0), cancel("!2", 2), cancel("!1", 1), end("x", 3, "a")],
        ["a..x/!1 cancelled follows"],
    ),
    Case(
        "cancelled: twice, the earlier comes after the record",
        [start("a", 0), cancel("!2", 2), end("x", 3, "a"), cancel("!1", 1)],
        ["a..x/!2 cancelled follows", "a..x/!1 cancelled follows amended"],
    ),
    Case(
        "cancelled: twice, the later comes after the record and changes nothing",
        [start("a", 0), cancel("!1", 1), end("x", 3, "a"), cancel("!2", 2)],
        ["a..x/!1 cancelled follows"],
    ),
    # a──!──x(a)      arrives: ! a x
    # 0  1  2
    Case(
        "cancelled: before its submit has arrived",
        [cancel("!", 1), start("a", 0), end("x", 2, "a"), until(30)],
        ["a..x/! cancelled follows"],
    ),
    # a      b──!──x(b)            |
    # 0      2  3  4               17+
    Case(
        "cancelled: the second of two submits whose first never ended",
        [start("a", 0), start("b", 2), cancel("!", 3), end("x", 4, "b"), until(17.1)],
        ["b..x/! cancelled follows", "a.. superseded by b"],
    ),
    # a──x(a)─b──!──y(b)
    # 0  1    2  3  4
    Case(
        "cancelled: the second of two, the first ended well before",
        [start("a", 0), end("x", 1, "a"), start("b", 2), cancel("!", 3), end("y", 4, "b")],
        ["a..x completed follows", "b..y/! cancelled follows"],
    ),
    # a──!──b──y(b)   the submit after it is not the one
    # 0  1  2  4
    Case(
        "cancelled: the first of two, submitted again after",
        [start("a", 0), cancel("!", 1), start("b", 2), end("y", 4, "b"), until(30)],
        ["b..y completed follows", "a../! cancelled"],
    ),
    # a──x(a)──b──!        arrives: a x ! b
    # 0  3:58  3:59 4
    Case(
        "cancelled: a later submit takes it over, and both are amended",
        [
            start("a", 0),
            end("x", 3 + 58 / 60, "a"),
            cancel("!", 4),
            start("b", 3 + 59 / 60),
            end("y", 5, "b"),
        ],
        [
            "a..x completed follows",
            "a..x/! cancelled follows amended",
            "a..x completed follows amended",
            "b..y/! cancelled follows",
        ],
    ),
    # both records published before the takeover: x(a) within tolerance, b..y ended
    Case(
        "cancelled: a later submit that had ended takes it over when it comes",
        [
            end("y", 4, "b"),
            start("a", 0),
            end("x", 3 + 58 / 60, "a"),
            cancel("!", 4),
            start("b", 3 + 59 / 60),
        ],
        [
            "a..x completed follows",
            "a..x/! cancelled follows amended",
            "a..x completed follows amended",
            "b..y/! cancelled follows",
        ],
    ),
    # !──x          |
    # 0  1          16+
    Case(
        "cancelled: with an end but no submit, one record has both",
        [cancel("!", 0), end("x", 1), until(15.5), until(16.1)],
        ["..x/! cancelled"],
    ),
    # x──!          |     within clock_tolerance
    # 0  0:04       15+
    Case(
        "cancelled: with an end before it but no submit",
        [end("x", 0), cancel("!", 4 / 60), until(15.1)],
        ["..x/! cancelled"],
    ),
    # x─────!          |     beyond it
    # 0     0:06       15:06+
    Case(
        "cancelled: with an end well before it and no submit, two records",
        [end("x", 0), cancel("!", 0.1), until(15.05), until(15.2)],
        ["..x unmatched", "../! cancelled"],
    ),
    # x──| !
    # 0  15+ 0:01          the end was published alone; a cancellation amends any
    Case(
        "cancelled: amends an end that was published alone",
        [end("x", 0), until(15.1), cancel("!", 1 / 60), until(31)],
        ["..x unmatched", "..x/! cancelled amended"],
    ),
    # a─────! lost, then cancelled within remember: outranks
    Case(
        "cancelled: outranks lost, amending it",
        [start("a", 0), until(60.1), cancel("!", 61)],
        ["a.. lost", "a../! cancelled amended"],
        rules=rules(flow_run_limit=60),
    ),
    # a──!(late)  b
    Case(
        "cancelled: outranks superseded, amending it",
        [start("a", 0), start("b", 5), until(20.1), cancel("!", 4)],
        ["a.. superseded by b", "a../! cancelled amended"],
        open=("b.. open",),
    ),
    # a──b──x(b)        |a              !         (b forgotten at 33)
    # 0  2  3           17+             40
    Case(
        "cancelled: not a submit before the latest, though the latest is forgotten",
        [start("a", 0), start("b", 2), end("x", 3, "b"), until(17.1), until(33.1), cancel("!", 40), until(55.1)],
        ["b..x completed follows", "a.. superseded by b", "../! cancelled"],
    ),
    # a───────!─x         by resource, and ambiguous all the same
    Case(
        "cancelled: the end is found as any other",
        [start("a", 0), start("b", 1), cancel("!", 7), end("x", 8), until(13.1)],
        ["b..x/! cancelled resource ambiguous"],
        open=("a.. open",),
    ),
]

KNOWING = [
    Case(
        "duplicates: of a start, an end and a cancellation",
        [start("a", 0), start("a", 0), cancel("!", 1), cancel("!", 1), end("x", 2, "a"), end("x", 2, "a")],
        ["a..x/! cancelled follows"],
    ),
    # a──x(a)   a x     |
    # 0  2      ..      32
    Case(
        "duplicates: for remember after the end",
        [start("a", 0), end("x", 2, "a"), until(31.9), start("a", 0), end("x", 2, "a"), until(70)],
        ["a..x completed follows"],
    ),
    # a──x(a)        |x
    # 0  2           32+
    Case(
        "duplicates: a repeat after remember is a new event",
        [start("a", 0), end("x", 2, "a"), until(32.1), end("x", 2, "a"), until(48)],
        ["a..x completed follows", "..x unmatched"],
    ),
    Case(
        "duplicates: of an end that was published alone",
        [end("x", 0), until(15.1), end("x", 0), until(44), end("x", 0), until(60)],
        ["..x unmatched"],
    ),
    Case(
        "duplicates: of a superseded start, whose successor ended",
        [start("a", 0), start("b", 1), end("y", 2, "b"), until(16.1), start("a", 0), start("b", 1), until(60)],
        ["b..y completed follows", "a.. superseded by b"],
    ),
]

SCENARIOS = [
    # a────────────────x
    #   b────────────────y         two processes, one worker name, both over 5 minutes
    # 0 1               30 31
    Case(
        "twins",
        [start("a", 0), start("b", 1), end("x", 30), end("y", 31), until(35), until(35.1)],
        # Unique names: a is superseded meanwhile, and amended. When x is decided, y has one candidate left.
        [
            "a.. superseded by b",
            "a..y completed resource ambiguous amended",
            "b..x completed resource ambiguous",
        ],
        kind=UPTIME,
    ),
    Case(
        "twins, names shared",
        [start("a", 0), start("b", 1), end("x", 300), end("y", 310), until(320)],
        ["b..x completed resource ambiguous", "a..y completed resource ambiguous"],
        kind=UPTIME,
        rules=rules(worker_names_shared=True),
    ),
    # a─────────────────x
    #                 b──────      the new worker starts before the old one stops
    # 0               60 61
    Case(
        "rolling restart",
        [start("a", 0), start("b", 60), end("x", 61), until(100)],
        ["a..x completed resource"],
        kind=UPTIME,
        open=("b.. open",),
    ),
    # a────────†  b─────────       a is killed and says nothing
    # 0           10        25+
    Case(
        "kill and restart",
        [start("a", 0), start("b", 10), until(25.1), until(1000), end("y", 1000)],
        ["a.. superseded by b", "b..y completed resource"],
        kind=UPTIME,
    ),
    # a──x(a) b──────────y         suspended, submitted again 0.5 s after its exit
    # 0  2    2:00.5     9
    Case(
        "suspended and resumed run",
        [start("a", 0), end("x", 2, "a"), start("b", 2 + 0.5 / 60), end("y", 9), until(60)],
        ["a..x completed follows", "b..y completed resource"],
    ),
    # run-once: started ── stopped(a) ── submitted ── executed
    Case(
        "--run-once: the worker, stopped before it submits",
        [start("a", 0), end("x", 0.1, "a"), until(60)],
        ["a..x completed follows"],
        kind=UPTIME,
    ),
    Case(
        "--run-once: the run, submitted after the worker stopped",
        [start("a", 0.11), end("x", 0.5, "a"), until(60)],
        ["a..x completed follows"],
    ),
]

PASSING = [
    # a────b    |     |     x      the clock moves on with x alone: a was over at 71, and forgotten at 101, before it
    # 0    56   71    101   110
    Case(
        "time: what is due before an event is decided before it",
        [start("a", 0), start("b", 56), end("x", 110), until(130)],
        ["a.. superseded by b", "b..x completed resource"],
    ),
    # a──── 60 ── 90 ──── x(a)     (another's clock: Prefect's follows do not lie so far apart)
    Case(
        "time: the end of what was lost and forgotten met nothing, though it names it",
        [start("a", 0), end("x", 91, "a"), until(107)],
        ["a.. lost", "..x unmatched"],
        rules=rules(flow_run_limit=60),
    ),
    # a──── 60 ── x(a)
    Case(
        "time: the end of what was lost amends it",
        [start("a", 0), end("x", 70, "a"), until(107)],
        ["a.. lost", "a..x completed follows amended"],
        rules=rules(flow_run_limit=60),
    ),
]

CASES = [*FINDING, *ENDING, *CANCELLING, *KNOWING, *SCENARIOS, *PASSING]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case):
    scene = Scene(case.kind, case.rules).play(case.steps)
    assert scene.versions == case.published
    assert scene.open == list(case.open)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_everything_is_published_and_forgotten_in_the_end(case):
    scene = Scene(case.kind, case.rules).play([*case.steps, until(200 * 1440), until(201 * 1440)])
    assert scene.state is None
    assert len(scene.published) >= len(case.published)


def test_without_a_low_watermark_nothing_is_due():
    scene = Scene()
    for said in (start("a", 0), start("b", 1), end("x", 7), end("y", 4, "b"), cancel("!", 3000)):
        scene.let_in(said.event(RUN, "s"), at(said.occurred), None)
    # b is y's, so x has one candidate; and the cancellation waits
    assert scene.versions == ["a..x completed resource", "b..y completed follows"]


def test_a_lagging_partition_expires_nothing_whose_end_it_still_holds():
    scene = Scene()
    scene.let_in(start("a", 0).event(RUN, "s"), at(0), at(0))
    scene.let_in(start("b", 500).event(RUN, "s"), at(500), at(0))
    scene.pass_to(at(2))
    scene.let_in(end("x", 3, "a").event(RUN, "s"), at(3), at(3))
    assert scene.versions == ["a..x completed follows"]


def test_at_the_end_of_the_input_an_end_with_several_candidates_waits_no_longer():
    scene = Scene().play([start("a", 0), start("b", 1), end("x", 7)])
    assert scene.published == []
    scene.end_input()
    assert scene.versions == ["b..x completed resource ambiguous"]
    assert scene.open == ["a.. open"]


def test_nothing_else_is_due_at_the_end_of_the_input():
    scene = Scene().play([start("a", 0), end("x", 1), cancel("!", 9)])
    scene.end_input()
    assert scene.published == []
    scene.pass_to(END_OF_TIME)
    assert scene.versions == ["..x unmatched", "a../! cancelled"]


def test_the_end_of_the_input_is_no_end_of_what_is_remembered():
    scene = Scene().play([start("a", 0), start("b", 1), end("x", 7), end("y", 3, "b"), until(20)])
    before = scene.records
    scene.end_input()
    scene.end_input()
    assert scene.records == before


def test_every_event_has_one_fate():
    scene = Scene().play([start("a", 0), end("x", 1, "a"), end("x", 1, "a"), end("y", 2), cancel("!", 60)])
    assert scene.fates == ["opened", "decided", "duplicate", "waiting", "waiting"]


def test_a_truncated_event_truncates_its_record():
    scene = Scene().play([start("a", 0)._replace(truncated=True), end("x", 1, "a"), start("b", 2), end("y", 3, "b")])
    assert scene.versions == ["a..x completed follows truncated", "b..y completed follows"]


def test_an_amendment_is_published_whole():
    scene = Scene()
    details = {"a": {"tags": ["t"]}, "x": {"infrastructure": {"status_code": 0}}, "!": {"runner": {"id": "r"}}}
    for said in (start("a", 0), end("x", 1, "a"), cancel("!", 1.01)):
        scene.say(said.event(RUN, "s")._replace(details=details[said.id]))
    first, amended = scene.published
    told = lambda lifecycle: {  # noqa: E731
        name: value
        for event in (lifecycle.cancellation, lifecycle.end, lifecycle.start)
        if event is not None
        for name, value in event.details.items()
    }
    assert told(first) == details["a"] | details["x"]
    assert told(amended) == details["a"] | details["x"] | details["!"]


def test_a_version_that_an_event_brought_back_is_caused_by_the_event():
    # a is lost; x, late, amends it; and b, later still, takes x from a: which is lost again, by another cause
    steps = [start("a", 0), until(61), end("x", 8), start("b", 2)]
    scene = Scene(rules_=rules(flow_run_limit=60)).play(steps)
    of_a = [(lifecycle.outcome, lifecycle.cause) for lifecycle in scene.published if identity(lifecycle) == "a"]
    assert of_a == [("lost", "lost:a"), ("completed", "x"), ("lost", "b")]

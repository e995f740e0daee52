"""Scenarios from practice, and the rules that decide them."""

from tests.core.cases.case import UPTIME, Case
from tests.core.scenes import end, rules, start, until

SCENARIOS = [
    # a────────────────x
    #   b────────────────y         two processes, one worker name, both over 5 minutes
    # 0 1               30 31
    Case(
        "rules M4, O3 and A1",
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
    # a───────────16+────46+────x           a is superseded grace after b, and forgotten remember after that:
    #   b──────────────────────────y        x can only take b, and nothing is left for y
    # 0 1                     60 61
    Case(
        "rules M2 and O3",
        "twins that stop when the first is forgotten",
        [start("a", 0), start("b", 1), end("x", 60), end("y", 61), until(80)],
        ["a.. superseded by b", "b..x completed resource", "..y unmatched"],
        kind=UPTIME,
    ),
    Case(
        "rules M4 and O3",
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
        "rules M2 and M3",
        "rolling restart",
        [start("a", 0), start("b", 60), end("x", 61), until(100)],
        ["a..x completed resource"],
        kind=UPTIME,
        open=("b.. open",),
    ),
    # a────────†  b─────────       a is killed and says nothing
    # 0           10        25+
    Case(
        "rules M2 and O3",
        "kill and restart",
        [start("a", 0), start("b", 10), until(25.1), until(1000), end("y", 1000)],
        ["a.. superseded by b", "b..y completed resource"],
        kind=UPTIME,
    ),
    # a──x(a) b──────────y         suspended, submitted again 0.5 s after its exit
    # 0  2    2:00.5     9
    Case(
        "rules M1 and M3",
        "suspended and resumed run",
        [start("a", 0), end("x", 2, "a"), start("b", 2 + 0.5 / 60), end("y", 9), until(60)],
        ["a..x completed follows", "b..y completed resource"],
    ),
    # a         x       25+  (a)   a was lost on the way, and sent again when x had been published without it
    # 0         10
    Case(
        "rule M8",
        "a gap filled too late",
        [end("x", 10), until(25.1), start("a", 0), until(60)],
        ["..x unmatched"],
        open=("a.. open",),
    ),
    # run-once: started ── stopped(a) ── submitted ── executed
    Case(
        "rule M1",
        "--run-once: the worker, stopped before it submits",
        [start("a", 0), end("x", 0.1, "a"), until(60)],
        ["a..x completed follows"],
        kind=UPTIME,
    ),
    Case(
        "rule M1",
        "--run-once: the run, submitted after the worker stopped",
        [start("a", 0.11), end("x", 0.5, "a"), until(60)],
        ["a..x completed follows"],
    ),
]

"""What time makes due between two events: rule T5."""

from tests.core.cases.case import Case
from tests.core.scenes import end, rules, start, until

PASSING = [
    # a────b    |     |     x      the clock moves on with x alone: a was over at 71, and forgotten at 101, before it
    # 0    56   71    101   110
    Case(
        "rule T5",
        "time: what is due before an event is decided before it",
        [start("a", 0), start("b", 56), end("x", 110), until(130)],
        ["a.. superseded by b", "b..x completed resource"],
    ),
    # a──── 60 ── 90 ──── x(a)     (another's clock: Prefect's follows do not lie so far apart)
    Case(
        "rules A1 and T5",
        "time: the end of what was lost and forgotten met nothing, though it names it",
        [start("a", 0), end("x", 91, "a"), until(107)],
        ["a.. lost", "..x unmatched"],
        rules=rules(flow_run_limit=60),
    ),
    # a──── 60 ── x(a)
    Case(
        "rules A1 and T5",
        "time: the end of what was lost amends it",
        [start("a", 0), end("x", 70, "a"), until(107)],
        ["a.. lost", "a..x completed follows amended"],
        rules=rules(flow_run_limit=60),
    ),
]

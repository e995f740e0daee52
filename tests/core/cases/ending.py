"""Starts that met no end: rules O3, O4 and A1; and ends that come late: rules M7 and M8."""

from tests.core.cases.case import UPTIME, Case
from tests.core.scenes import cancel, end, rules, start, until

ENDING = [
    # a────b          |
    # 0    1          16+
    Case(
        "rule O3",
        "superseded: grace after a newer start, still without an end",
        [start("a", 0), start("b", 1), until(16), until(16.1)],
        ["a.. superseded by b"],
        open=("b.. open",),
    ),
    # a────b──────x(a)
    # 0    1      3
    Case(
        "rule O3",
        "not superseded: it ended within grace",
        [start("a", 0), start("b", 1), end("x", 3, "a"), until(16.1)],
        ["a..x completed follows"],
        open=("b.. open",),
    ),
    # a────b──────── | ───x
    # 0    1        16+   30    two candidates: x takes b; a was passed over, and remains superseded
    Case(
        "rules M2 and A1",
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
        "rule A1",
        "superseded: a late end within remember amends it, and superseded_by is cleared",
        [start("a", 0), start("b", 14), until(29.1), end("x", 18)],
        ["a.. superseded by b", "a..x completed resource amended"],
        open=("b.. open",),
    ),
    # a──x──y(a)             |        x comes at 23, twenty minutes late: what was published in time stays
    # 0  2  3                22
    Case(
        "rules M7 and M8",
        "a second end that comes later than grace takes nothing from the first, whatever it is dated",
        [start("a", 0), end("y", 3, "a"), until(22.1), end("x", 2, "a"), until(40)],
        ["a..y completed follows", "..x unmatched"],
    ),
    # a──────x         |      y   x comes at 27: its turn is then, and still before y's
    # 0      7        27      30
    Case(
        "rule M7",
        "an end that comes later than grace keeps its start from one that occurs after it came",
        [start("a", 0), until(27.1), end("x", 7), end("y", 30), until(100)],
        ["a..x completed resource", "..y unmatched"],
    ),
    # a──────x         |  b──────y   the same, and y has a start of its own: nothing is ambiguous
    # 0      10       35  30     40
    Case(
        "rule M7",
        "an end that comes later than grace makes nothing ambiguous that occurs after it came",
        [start("a", 0), start("b", 30), until(35), end("x", 10), end("y", 40), until(100)],
        ["a..x completed resource", "b..y completed resource"],
        kind=UPTIME,
        rules=rules(worker_names_shared=True),
    ),
    # the same without follows
    Case(
        "rule M7",
        "a second end that comes later than grace takes nothing from the first, by resource",
        [start("a", 0), end("y", 8), until(27.1), end("x", 7), until(45)],
        ["a..y completed resource", "..x unmatched"],
    ),
    # a──!         |          b──────────y  | x     a is cancelled at 20 and forgotten at 50: x comes too late for it,
    # 0  5        20         40       49:30 50 51    though y, which could take it as well as b, still waits
    Case(
        "rules M2 and M9",
        "a cancelled start is forgotten, though an end that came in time could yet take it",
        [start("a", 0), cancel("!", 5), start("b", 40), end("y", 49.5), end("x", 51), until(66.1)],
        [
            "a../! cancelled",
            "b..y completed resource ambiguous",
            "..x unmatched",
        ],
    ),
    # the same by follows, b forgotten or not
    Case(
        "rule A1",
        "superseded: a late end by follows",
        [start("a", 0), start("b", 1), until(16.1), until(40), end("x", 4, "a")],
        ["a.. superseded by b", "a..x completed follows amended"],
        open=("b.. open",),
    ),
    # a────b        |           | x(a)
    # 0    1        16+         46+
    Case(
        "rule A1",
        "superseded: an end after remember met nothing",
        [start("a", 0), start("b", 1), until(16.1), until(46.2), end("x", 4, "a"), until(61.3)],
        ["a.. superseded by b", "..x unmatched"],
        open=("b.. open",),
    ),
    # a──b──c      |
    # 0  1  2      16+ 17+      each by the next, in whatever order they came
    Case(
        "rule O3",
        "superseded: by the next start after it",
        [start("a", 0), start("c", 2), start("b", 1), until(30)],
        ["a.. superseded by b", "b.. superseded by c"],
        open=("c.. open",),
    ),
    # a────x  b             |     an ended one is not superseded
    # 0    4  5             20+
    Case(
        "rule O3",
        "superseded: not what has ended",
        [start("a", 0), end("x", 4, "a"), start("b", 5), until(20.1)],
        ["a..x completed follows"],
        open=("b.. open",),
    ),
    # worker names shared: a newer start says nothing
    Case(
        "rule O3",
        "worker names shared: nothing is superseded",
        [start("a", 0), start("b", 1), until(1000)],
        [],
        kind=UPTIME,
        rules=rules(worker_names_shared=True),
        open=("a.. open", "b.. open"),
    ),
    Case(
        "rule O3",
        "worker names shared: runs are superseded none the less",
        [start("a", 0), start("b", 1), until(16.1)],
        ["a.. superseded by b"],
        rules=rules(worker_names_shared=True),
        open=("b.. open",),
    ),
    # a───────────────────── 7 d ─|
    Case(
        "rule O4",
        "lost: a run open for longer than 7 days",
        [start("a", 0), until(7 * 1440), until(7 * 1440 + 1)],
        ["a.. lost"],
    ),
    Case(
        "rule O4",
        "lost: a worker open for longer than 90 days",
        [start("a", 0), until(90 * 1440), until(90 * 1440 + 1)],
        ["a.. lost"],
        kind=UPTIME,
    ),
    # a──── 60 ─|   x          within remember
    # 0         60+ 80
    Case(
        "rules M2 and A1",
        "lost: a candidate still, while remembered",
        [start("a", 0), until(60.1), end("x", 80)],
        ["a.. lost", "a..x completed resource amended"],
        rules=rules(flow_run_limit=60),
    ),
    Case(
        "rule A1",
        "lost: an end after remember met nothing",
        [start("a", 0), until(60.1), until(90.2), end("x", 91), until(106.1)],
        ["a.. lost", "..x unmatched"],
        rules=rules(flow_run_limit=60),
    ),
    # a───── 60   b at 50: superseded would be at 65, lost is at 60
    Case(
        "rule O4",
        "lost: where the limit comes before the grace of a newer start",
        [start("a", 0), start("b", 50), until(80)],
        ["a.. lost"],
        rules=rules(flow_run_limit=60),
        open=("b.. open",),
    ),
]

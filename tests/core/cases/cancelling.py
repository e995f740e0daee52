"""Cancellations, whenever they come: rules C1 to C4, and O2."""

from tests.core.cases.case import Case
from tests.core.scenes import cancel, end, rules, start, until

CANCELLING = [
    # a──!──x(a)
    # 0  1  2
    Case(
        "rules C4 and O2",
        "cancelled: before the end, published when the end comes",
        [start("a", 0), cancel("!", 1), end("x", 2, "a"), until(30)],
        ["a..x/! cancelled follows"],
    ),
    # a──!──────────|
    # 0  1          16+
    Case(
        "rules C4 and O2",
        "cancelled: without an end, grace after the cancellation",
        [start("a", 0), cancel("!", 1), until(16), until(16.1)],
        ["a../! cancelled"],
    ),
    # a──!──────────|──x(a)
    # 0  1          16+ 4
    Case(
        "rule A1",
        "cancelled: its end comes within remember",
        [start("a", 0), cancel("!", 1), until(16.1), end("x", 4, "a")],
        ["a../! cancelled", "a..x/! cancelled follows amended"],
    ),
    # a────x(a)!         its cancellation hooks took 24 s
    # 0    4   4:24
    Case(
        "rules C1 and A1",
        "cancelled: after the end, within grace",
        [start("a", 0), end("x", 4, "a"), cancel("!", 4.4)],
        ["a..x completed follows", "a..x/! cancelled follows amended"],
    ),
    Case(
        "rule C1",
        "cancelled: after the end by grace exactly",
        [start("a", 0), end("x", 4, "a"), cancel("!", 19)],
        ["a..x completed follows", "a..x/! cancelled follows amended"],
    ),
    # a────x(a)  !              |
    # 0    4     19:06          34:06+
    Case(
        "rules C1 and C3",
        "cancelled: after the end, beyond grace, it is a record of its own",
        [start("a", 0), end("x", 4, "a"), cancel("!", 19.1), until(35)],
        ["a..x completed follows", "../! cancelled"],
    ),
    # ────!        |
    #     0        15+
    Case(
        "rule C3",
        "cancelled: no submit at all (a served flow)",
        [cancel("!", 0), until(15), until(15.1)],
        ["../! cancelled"],
    ),
    # ────!─"      |
    #     0 1
    Case(
        "rule C4",
        "cancelled: twice; the earliest tells",
        [start("a", 0), cancel("!2", 2), cancel("!1", 1), end("x", 3, "a")],
        ["a..x/!1 cancelled follows"],
    ),
    Case(
        "rules C4 and A1",
        "cancelled: twice, the earlier comes after the record",
        [start("a", 0), cancel("!2", 2), end("x", 3, "a"), cancel("!1", 1)],
        ["a..x/!2 cancelled follows", "a..x/!1 cancelled follows amended"],
    ),
    Case(
        "rule C4",
        "cancelled: twice, the later comes after the record and changes nothing",
        [start("a", 0), cancel("!1", 1), end("x", 3, "a"), cancel("!2", 2)],
        ["a..x/!1 cancelled follows"],
    ),
    # a──!──x(a)      arrives: ! a x
    # 0  1  2
    Case(
        "rules C3 and C4",
        "cancelled: before its submit has arrived",
        [cancel("!", 1), start("a", 0), end("x", 2, "a"), until(30)],
        ["a..x/! cancelled follows"],
    ),
    # a      b──!──x(b)            |
    # 0      2  3  4               17+
    Case(
        "rules C1 and O3",
        "cancelled: the second of two submits whose first never ended",
        [start("a", 0), start("b", 2), cancel("!", 3), end("x", 4, "b"), until(17.1)],
        ["b..x/! cancelled follows", "a.. superseded by b"],
    ),
    # a──x(a)─b──!──y(b)
    # 0  1    2  3  4
    Case(
        "rule C1",
        "cancelled: the second of two, the first ended well before",
        [start("a", 0), end("x", 1, "a"), start("b", 2), cancel("!", 3), end("y", 4, "b")],
        ["a..x completed follows", "b..y/! cancelled follows"],
    ),
    # a──!──b──y(b)   the submit after it is not the one
    # 0  1  2  4
    Case(
        "rule C1",
        "cancelled: the first of two, submitted again after",
        [start("a", 0), cancel("!", 1), start("b", 2), end("y", 4, "b"), until(30)],
        ["b..y completed follows", "a../! cancelled"],
    ),
    # a──x(a)──b──!        arrives: a x ! b
    # 0  3:58  3:59 4
    Case(
        "rule C2",
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
    # both records published before the takeover: x(a) within grace, b..y ended
    Case(
        "rule C2",
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
        "rule C3",
        "cancelled: with an end but no submit, one record has both",
        [cancel("!", 0), end("x", 1), until(15.5), until(16.1)],
        ["..x/! cancelled"],
    ),
    # x──!          |     within grace
    # 0  14         15+
    Case(
        "rule C3",
        "cancelled: with an end before it but no submit",
        [end("x", 0), cancel("!", 14), until(15.1)],
        ["..x/! cancelled"],
    ),
    # x─────!          |     beyond it
    # 0     15:06      30:06+
    Case(
        "rule C3",
        "cancelled: with an end well before it and no submit, two records",
        [end("x", 0), cancel("!", 15.1), until(30.05), until(30.2)],
        ["..x unmatched", "../! cancelled"],
    ),
    # x──| !
    # 0  15+ 0:01          the end was published alone; a cancellation amends any
    Case(
        "rule C3",
        "cancelled: amends an end that was published alone",
        [end("x", 0), until(15.1), cancel("!", 1 / 60), until(31)],
        ["..x unmatched", "..x/! cancelled amended"],
    ),
    # a─────! lost, then cancelled within remember: outranks
    Case(
        "rules C4 and O2",
        "cancelled: outranks lost, amending it",
        [start("a", 0), until(60.1), cancel("!", 61)],
        ["a.. lost", "a../! cancelled amended"],
        rules=rules(flow_run_limit=60),
    ),
    # a──!(late)  b
    Case(
        "rules C4 and O2",
        "cancelled: outranks superseded, amending it",
        [start("a", 0), start("b", 5), until(20.1), cancel("!", 4)],
        ["a.. superseded by b", "a../! cancelled amended"],
        open=("b.. open",),
    ),
    # a──b──x(b)        |a              !         (b forgotten at 33)
    # 0  2  3           17+             40
    Case(
        "rule C1",
        "cancelled: not a submit before the latest, though the latest is forgotten",
        [start("a", 0), start("b", 2), end("x", 3, "b"), until(17.1), until(33.1), cancel("!", 40), until(55.1)],
        ["b..x completed follows", "a.. superseded by b", "../! cancelled"],
    ),
    # a───────!─x         by resource, and ambiguous all the same
    Case(
        "rules M4 and C4",
        "cancelled: the end is found as any other",
        [start("a", 0), start("b", 1), cancel("!", 7), end("x", 8), until(13.1)],
        ["b..x/! cancelled resource ambiguous"],
        open=("a.. open",),
    ),
]

"""The reports of several workers are merged into one snapshot."""

import pytest

from correlator.core import Outcome
from correlator.event import Kind
from correlator.glance import report as reports
from correlator.glance.merging import Worker
from correlator.glance.recent import MAX_RECORDS
from correlator.page import UsualDuration
from tests.glance.reports import holding, one, report, told
from tests.page.views import HOUR, MINUTE, run, worker

A, B, C, D = (run(name, ago=HOUR - number, outcome=None) for number, name in enumerate("abcd"))
"""Each has been open for a little less than the one before."""


def test_each_lifecycle_is_by_the_worker_that_holds_its_partition_longest_first():
    up = worker("w", ago=2 * HOUR)
    whole = one(
        told("one", {0, 2}, report(holding(0, B), holding(2, D))),
        told("two", {1, 3}, report(holding(1, A, up), holding(3, C))),
    )
    assert [(it.summary, it.by, it.partition) for it in whole.open] == [
        (up, "two", 1),
        (A, "two", 1),
        (B, "one", 0),
        (C, "two", 3),
        (D, "one", 2),
    ]
    assert whole.open_total == {Kind.FLOW_RUN: 4, Kind.WORKER: 1}
    assert whole.complete


def test_totals_count_what_is_left_out():
    many = [run(number, ago=HOUR - number, outcome=None) for number in range(2 * reports.MAX_OPEN)]
    whole = one(
        told("one", {0, 1}, report(holding(0, *many[::2], total=5000), holding(1))),
        told("two", {2, 3}, report(holding(2, *many[1::2], total=6000), holding(3))),
    )
    assert [it.summary for it in whole.open] == many[: reports.MAX_OPEN]
    assert whole.open_total[Kind.FLOW_RUN] == 11_000


@pytest.mark.parametrize("former", ["one", "three"])
def test_a_partition_that_moves_while_it_is_asked_for_counts_once(former: str):
    """If two workers report a partition, the one to which the group has assigned it counts."""
    before, after = report(holding(1, A, B), holding(0)), report(holding(1, B))
    whole = one(told(former, {0}, before), told("two", {1, 2, 3}, report(*after.holdings, holding(2), holding(3))))
    assert [(it.summary, it.by) for it in whole.open] == [(B, "two")]
    assert whole.open_total[Kind.FLOW_RUN] == 1
    assert [list(it.partitions) for it in whole.workers] == [[0], [1, 2, 3]]


def test_a_partition_that_the_group_does_not_know_to_have_moved_is_by_who_tells_of_it():
    whole = one(told("one", {0, 1}, report(holding(0))), told("two", {2, 3}, report(*map(holding, (1, 2, 3)))))
    assert [list(it.partitions) for it in whole.workers] == [[0], [1, 2, 3]]
    assert whole.complete


def test_what_is_missing_is_told_with_its_partitions():
    whole = one(
        told("ten-10", {0}, report()),
        told("ten-9", {1}, "does not answer"),
        told("idle", set(), report()),
    )
    assert [(it.reached.name, it.partitions, it.missing, it.recovering) for it in whole.workers] == [
        ("idle", [], None, []),
        ("ten-9", [1], "does not answer", ()),
        ("ten-10", [0], None, [0]),
    ]
    assert whole.unheld == [2, 3]
    assert not whole.complete


def test_a_group_that_has_not_said_who_is_in_it_is_said():
    whole = one(told("one", set(), report(holding(0, A))), alone=True)
    assert whole.workers == [Worker(whole.workers[0].reached, [0], None, [])]
    assert not whole.complete
    assert whole.unheld == [], "nobody knows"


def test_the_last_records_of_all_newest_first_each_once():
    """A record may have been published by one worker and amended by the next."""
    first = run(1, ago=HOUR, outcome=Outcome.LOST, ended=None)
    amended = run(1, ago=HOUR, amended=True)
    others = [run(("of", number), ago=number * MINUTE) for number in range(1, MAX_RECORDS + 20)]
    for parts_ in ((report(ended=[first]), report(ended=[amended])), (report(ended=[amended]), report(ended=[first]))):
        whole = one(*(told(name, set(), it) for name, it in zip(("one", "two"), parts_, strict=True)))
        assert [it.summary for it in whole.ended] == [amended]
        assert whole.ended_total == 2
    whole = one(told("one", set(), report(ended=others[::2])), told("two", set(), report(ended=others[1::2])))
    assert [it.summary for it in whole.ended] == others[:MAX_RECORDS]


def test_what_is_usual_is_by_the_word_of_who_knows_the_most_of_it():
    whole = one(
        told(
            "one",
            set(),
            report(usual={"a": UsualDuration(20, 7), "b": UsualDuration(100, 1), None: UsualDuration(20, 3)}),
        ),
        told("two", set(), report(usual={"a": UsualDuration(21, 5), "b": UsualDuration(20, 9)})),
    )
    assert whole.usual == {"a": 5, "b": 1, None: 3}

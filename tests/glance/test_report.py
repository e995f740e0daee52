"""A report arrives whole and exact, within bounds; anything else is refused."""

from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator import page
from correlator.event import Kind
from correlator.glance import report as reports
from correlator.glance.report import MAX_REPORT_BYTES, Foreign, Unreadable, WorkerReport, packed, unpacked
from correlator.glance.viewing import viewed
from correlator.glance.written import written
from correlator.page import Summary, UsualDuration
from tests.glance.reports import holding, one, report, told
from tests.page.views import HOUR, MINUTE, podded, run, worker

OPEN = [worker("w", ago=HOUR), run(1, ago=MINUTE, outcome=None), podded(2, ago=HOUR, outcome=None, ended_by=None)]
REPORT = report(
    holding(0, *OPEN),
    holding(3, total=7),
    ended=[run(3, ago=HOUR), podded(4, ago=HOUR)],
    usual={None: UsualDuration(20, 5)},
)


def test_it_is_read_as_it_was_told():
    assert unpacked(packed(REPORT)) == REPORT


ANOTHER_VERSION = msgspec.msgpack.encode([2, "one", "what it is, nobody here knows"])
NONE_OF_OURS = {
    "nothing": b"",
    "text": b"<html>",
    "a version alone": msgspec.msgpack.encode([1]),
    "fields of other types": msgspec.msgpack.encode([1, "one", [[0, {"worker-uptime": "many"}, []]], [], 0, {}]),
    "a kind that there is not": msgspec.msgpack.encode([1, "one", [[0, {"x": 1}, []]], [], 0, {}]),
    "no version at all": msgspec.msgpack.encode([0, "one", [], [], 0, {}]),
    "without end": packed(REPORT)[:-1],
}


@pytest.mark.parametrize("answer", NONE_OF_OURS.values(), ids=NONE_OF_OURS)
def test_what_no_worker_wrote_is_said_to_be_so(answer: bytes):
    with pytest.raises(Unreadable):
        unpacked(answer)


def test_what_another_release_wrote_is_told_apart():
    with pytest.raises(Foreign):
        unpacked(ANOTHER_VERSION)


@pytest.mark.parametrize("name", ["n", "🚀" * 500])
def test_it_is_never_larger_than_others_read(name: str):
    """With long names, a report has fewer lifecycles, the longest open ones; their total stays."""
    its = [run(number, ago=HOUR + number, outcome=None, name=name, flow=name) for number in range(2 * reports.MAX_OPEN)]
    whole = report(holding(0, *its[::2]), holding(1, *its[1::2]), ended=[run("e", ago=HOUR, name=name)] * 100)
    read = unpacked(told_ := packed(whole))
    assert len(told_) <= MAX_REPORT_BYTES
    kept = [row for it in read.holdings for row in it.open]
    assert sorted(kept, key=lambda it: it.first) == its[::-1][: len(kept)]
    assert (len(kept) == reports.MAX_OPEN) is (name == "n")
    assert len(kept) > 100
    assert [it.total for it in read.holdings] == [{Kind.FLOW_RUN: reports.MAX_OPEN}] * 2


def any_seen() -> st.SearchStrategy[Summary]:
    """Any summary that the types allow."""
    numbers = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2**53)

    def strategy(hint: Any) -> st.SearchStrategy[Any]:
        if hint is int:
            return numbers
        if hint == int | None:
            return st.none() | numbers
        return st.from_type(hint)

    return st.builds(Summary, **{name: strategy(hint) for name, hint in get_type_hints(Summary).items()})


@given(
    open_=st.lists(any_seen(), max_size=3),
    ended=st.lists(any_seen(), max_size=3),
    totals=st.dictionaries(st.sampled_from(Kind), st.integers(-(2**63), 2**63 - 1)),
    usual=st.dictionaries(
        st.none() | st.text(), st.builds(UsualDuration, st.integers(0, 2**40), st.integers(-(2**63), 2**63 - 1))
    ),
)
def test_whatever_is_read_can_be_shown(open_, ended, totals, usual):
    """An answer may come from anybody, so its types and its times are checked."""
    answer = msgspec.msgpack.encode(WorkerReport("x", [reports.PartitionReport(0, totals, open_)], ended, 2**63, usual))
    whole = one(told("one", {0}, unpacked(answer)), told("two", {1}, REPORT))
    assert page.render(viewed(whole))
    assert msgspec.json.decode(written(whole))

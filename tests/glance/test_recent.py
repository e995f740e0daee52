"""The latest records, which a worker keeps for the page."""

from msgspec.structs import replace

from correlator.core import Outcome
from correlator.core.lifecycle import Version
from correlator.event import Kind, Named
from correlator.glance.recent import MAX_RECORDS, RecentRecords
from correlator.page.usual import MIN_RUNS
from correlator.records.identity import record_id
from correlator.stage.tally import Tally
from tests.records.lifecycles import ALL, CANCELLATION, END, START, lifecycle

COMPLETED = ALL["run completed"]
PUBLISHED = Version(Outcome.COMPLETED, None, False, None, None, None)


def tally(*lifecycles) -> Tally:
    counted = Tally("correlate")
    for it in lifecycles:
        counted.count(it, None)
    return counted


def numbered(number, **more):
    """A completed run of its own."""
    return replace(COMPLETED, start=replace(START.event, id=str(number)), **more)


def test_an_amendment_is_another_version_of_a_record_not_another_record():
    recent = RecentRecords()
    recent.add(tally(COMPLETED, numbered(1)))
    recent.add(tally(lifecycle("cancelled", START, END, CANCELLATION, replaces=PUBLISHED)))
    assert recent.total == 2
    assert [it.outcome for it in recent.records] == [Outcome.COMPLETED, Outcome.CANCELLED]
    assert recent.records[-1].record_id == record_id(Kind.FLOW_RUN, START.event.id)


def test_the_last_records_are_kept_and_all_are_counted():
    recent = RecentRecords()
    recent.add(tally(*map(numbered, range(2 * MAX_RECORDS))))
    recent.add(tally(numbered("one more")))
    expected = [*range(MAX_RECORDS + 1, 2 * MAX_RECORDS), "one more"]
    assert [it.record_id for it in recent.records] == [record_id(Kind.FLOW_RUN, str(it)) for it in expected]
    assert recent.total == 2 * MAX_RECORDS + 1


def test_what_is_usual_is_told_from_more_than_the_last_records():
    """The many short runs of one pool do not displace the durations of another."""
    recent = RecentRecords()
    elsewhere = (replace(START.details, work_pool=Named("x", "Busy Pool")),)
    recent.add(tally(*map(numbered, range(MIN_RUNS))))
    for number in range(2):
        busy = [numbered(f"{number} {it}", told=elsewhere) for it in range(MAX_RECORDS)]
        recent.add(tally(*busy))
    span = END.event.occurred - START.event.occurred
    assert recent.durations.by_pool() == {"Long Pool": span, "Busy Pool": span}


def test_an_amendment_does_not_count_twice_for_what_is_usual():
    recent = RecentRecords()
    recent.add(tally(*map(numbered, range(MIN_RUNS - 1)), numbered(0, replaces=PUBLISHED)))
    assert recent.durations.by_pool() == {}

"""Runs without a witness are counted, and the log names the first one of a process."""

import logging

import pytest

from correlator import core, prefect, wire
from correlator.engine import Message, Slice
from correlator.moments import Moment
from correlator.stage.arriving import TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.tally import Tally
from tests.engine.fakes import Record
from tests.monitoring.detached import SECOND, detached_runs
from tests.stage.brokerless import Entries

BEGIN = Moment(1_795_449_600 * SECOND)
GRACE, LIMIT, WEEKS = core.Rules().grace, core.Rules().flow_run_limit, 60 * 86_400 * SECOND
READING = prefect.Reading(1000, frozenset({"kubernetes"}))


class Counted:
    def __init__(self) -> None:
        self.detached = self.silent = 0

    def add(self, tally: Tally) -> None:
        self.detached += tally.detached
        self.silent += tally.silent


def told(values: list[bytes], *later: int) -> tuple[Counted, list[str]]:
    """What a stage counts of events, and of time that passed until so long after the first; and the runs in order."""
    counted, table = Counted(), Entries()
    letters = DeadLetters("letters", 1, 1 << 20)
    stage = Correlate(TwoHops(), table, _published, letters, core.Rules(), counted)
    assert list(stage.assigned(0, 0)) == []
    events = [said for value in values if (said := prefect.decode(value, READING)) is not None]
    records = [_record(number, said) for number, said in enumerate(events)]
    records += [Record(len(events) + number, None, _tick(BEGIN + at)) for number, at in enumerate(later)]
    for record in records:
        for transaction in stage(Slice("lifecycles", 0, record.offset, record.offset + 1, [record])):
            table.commit(transaction.changes)
            transaction.committed()
    return counted, [said.subject for said in events]


def _published(partition: int, lifecycle: core.Lifecycle) -> Message:
    return Message("records", partition, lifecycle.subject.encode(), b"{}", [])


def _record(number: int, said: prefect.Decoded) -> Record:
    at = said.event.occurred
    value = wire.encode(wire.Forwarded(said.kind, said.event, said.details, at, 0, 1, at))
    return Record(number, said.subject.encode(), value)


def _tick(at: int) -> bytes:
    return wire.encode(wire.Tick(0, 1, Moment(at)))


@pytest.mark.parametrize(
    "later",
    [(2 * GRACE,), (WEEKS,), (2 * GRACE, WEEKS), (2 * GRACE, LIMIT + SECOND, WEEKS)],
    ids=["open", "lost and forgotten at once", "open, then lost", "step by step"],
)
def test_silent_runs_are_counted_once_each_and_the_first_is_named(caplog, later):
    values = list(detached_runs(5, BEGIN, silent=3))
    counted, runs = told(values, *later)
    assert (counted.detached, counted.silent) == (5, 3)
    (warning,) = (it for it in caplog.records if it.levelno >= logging.WARNING)
    assert runs[0] in warning.getMessage()
    assert "prefect_correlator_silent_runs_total" in warning.getMessage()


def test_nothing_is_said_of_runs_that_somebody_speaks_for(caplog):
    counted, _ = told(list(detached_runs(5, BEGIN)), 2 * GRACE, WEEKS)
    assert (counted.detached, counted.silent) == (5, 0)
    assert caplog.records == []


def test_nothing_is_said_within_grace(caplog):
    counted, _ = told(list(detached_runs(5, BEGIN, silent=5)), GRACE)
    assert (counted.detached, counted.silent) == (5, 0)
    assert caplog.records == []


def test_a_submit_that_comes_twice_is_one_detached_run():
    values = list(detached_runs(1, BEGIN, silent=1))
    counted, _ = told([*values, *values], 2 * GRACE)
    assert (counted.detached, counted.silent) == (1, 1)

"""The mix has the events that it claims to have."""

import statistics

import orjson

from bench import inputs
from bench.peers import join
from correlator import prefect
from support import events
from tests.prefect.events import READING


def test_one_event_in_twenty_of_the_mix_is_a_workers():
    """And two states of each run count as well."""
    told = list(inputs.mix(50))
    ours = [(key, value) for key, value in told if prefect.decode(value, READING) is not None]
    states = [(key, value) for key, value in ours if b'"prefect.state-type"' in value]
    assert [one for one in ours if one not in states] == list(events.pairs(50))
    assert len(told) == 20 * 2 * 50
    assert len(states) == 2 * 50


def test_the_others_are_as_large_as_prefects_and_of_runs_that_are_known():
    told = list(inputs.mix(50))
    assert 1250 < statistics.mean(len(value) for _, value in told) < 1400
    assert {key for key, _ in told} == {key for key, _ in events.pairs(50)}


def test_peers_pass_over_the_others_and_pair_by_follows():
    found = [event for _, value in inputs.mix(50) if (event := join.parsed(value)) is not None]
    assert [event["event"] for event in found].count(join.EXECUTED) == len(found) / 2 == 50
    start = next(event for event in found if event["event"] == join.SUBMITTED)
    end = next(event for event in found if event["follows"] == start["id"])
    written = join.record("a run", join.Start(start["id"], start["occurred"]), end)
    assert written["started_id"] == start["id"]
    assert written["duration_seconds"] > 0
    assert orjson.loads(orjson.dumps(written)) == written

"""A generated log through ``replay``, and through two workers on a broker with a rebalance in the middle: the same
(rules S1, S2 and T5).

In ``replay`` the log is one partition, in the stage four, which are read at different speeds and taken over in the
middle; without keys, the events of a subject are spread over all of them. The last events show each partition's clock
that all time is up (rule T4), so that nothing is open at the end.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from correlator import records
from correlator.core import Lifecycle, Rules
from correlator.engine import Message, Slice, Step
from correlator.replay import Replay
from correlator.stage.arriving import TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.intake import Intake
from tests.engine.fakes import Record
from tests.prefect.events import READING
from tests.stage.brokerless import Entries, Uncounted
from tests.stage.generated import HOUR, Log, Shape, generate, last_events
from tests.stage.running import Stage

LIMIT = 6 * HOUR
"""Of a flow run: so that some are lost, within the log (rule O4)."""
SHAPE = Shape(hours=24, runs=10_000, workers=40, twins=20, witnessed=1_000, flow_run_limit=LIMIT)
PARTITIONS = 4

BROKERLESS = replace(SHAPE, runs=3_000, witnessed=1_200)

Decided = tuple[str, str | None, bool, float | None, str | None, str | None, float | None]


def decided(values: Iterable[dict[str, Any]]) -> dict[str, Decided]:
    """By record id, the last of: outcome, matched by, ambiguous, how long; of runs ended by, state, start-up."""
    return {
        value["record_id"]: (
            value["outcome"],
            value["matched_by"],
            value["ambiguous"],
            value.get("duration_seconds", value.get("uptime_seconds")),
            value.get("ended_by"),
            (value.get("state") or {}).get("type"),
            value.get("startup_seconds"),
        )
        for value in values
        if not value["worker"] or ".last-" not in value["worker"]["id"]
    }


RULES = Rules(flow_run_limit=round(LIMIT * 1e6))


def wall_clock() -> int:
    return time.time_ns() // 1000


def replayed(log: Log, last: list[tuple[str, bytes]]) -> dict[str, Decided]:
    replay = Replay(RULES, READING, wall_clock=wall_clock)
    lifecycles: list[Lifecycle] = []
    for line in [*log.lines, *(value for _, value in last)]:
        lifecycles += replay.read(line)
    lifecycles += replay.end()
    assert {lifecycle.subject for lifecycle in replay.open()} == {name for name, _ in last}
    return decided(orjson.loads(records.render(lifecycle, "test").value) for lifecycle in lifecycles)


class Stages:
    """Intake and correlate without a broker: one partition of lifecycles, several of raw events, in any slices."""

    def __init__(self, raw_partitions: int) -> None:
        letters = DeadLetters("dead-letters", 1, 1 << 20)
        self._intake = Intake(
            "lifecycles", 1, raw_partitions, letters, READING, wall_clock=wall_clock, counts=Uncounted()
        )
        self.published: list[Lifecycle] = []
        self._table, self._end = Entries(), 0
        self._correlate = Correlate(TwoHops(), self._table, self._publish, letters, RULES, Uncounted())  # type: ignore[arg-type]
        self._take(self._correlate.assigned(0, 0))
        for partition in range(raw_partitions):
            list(self._intake.assigned(partition, 0))

    def read(self, partition: int, lines: Iterable[bytes]) -> None:
        """A slice of a raw partition goes all the way."""
        records = [Record(number, None, line) for number, line in enumerate(lines)]
        for transaction in self._intake(Slice("raw", partition, 0, len(records), records)):
            forwarded = [Record(self._end + n, it.key, it.value) for n, it in enumerate(transaction.messages)]
            self._end += len(forwarded)
            self._take(self._correlate(Slice("lifecycles", 0, self._end - len(forwarded), self._end, forwarded)))

    def restart(self) -> None:
        """What correlate remembers is the table's."""
        self._correlate.revoked(0)
        self._take(self._correlate.assigned(0, self._end))

    def _take(self, transactions: Iterable[Step]) -> None:
        for transaction in transactions:
            self._table.commit(transaction.changes)

    def _publish(self, partition: int, lifecycle: Lifecycle) -> Message:
        self.published.append(lifecycle)
        return Message("records", 0, b"", b"", [])


@pytest.mark.parametrize("seed", range(3))
def test_raw_partitions_that_are_read_at_different_speeds(seed: int) -> None:
    """Of a log without keys, one partition may be hours ahead of another: a subject's end comes before its start. Time
    goes by the slowest (rule T4), and each event by the clock that it came with (rule T5).
    """
    read_at_different_speeds(seed, BROKERLESS)


def read_at_different_speeds(seed: int, shape: Shape) -> None:
    rng = random.Random(seed)
    log, last = generate(seed, shape), last_events(PARTITIONS)
    parts: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for line in log.lines:
        rng.choice(parts).append(line)
    stages = Stages(PARTITIONS)
    while any(parts):
        partition = rng.choice([number for number, part in enumerate(parts) if part])
        size = rng.choice((1, 50, 600))
        stages.read(partition, parts[partition][:size])
        del parts[partition][:size]
        if rng.random() < 0.02:
            stages.restart()
    for partition, (_, value) in enumerate(last):
        stages.read(partition, [value])
    got = decided(orjson.loads(records.render(lifecycle, "test").value) for lifecycle in stages.published)
    assert_same(replayed(log, last), got)


def assert_same(expected: dict[str, Decided], got: dict[str, Decided]) -> None:
    differ = [(expected.get(id_), got.get(id_)) for id_ in expected.keys() | got if expected.get(id_) != got.get(id_)]
    assert not differ, f"{len(differ)} of {len(expected)} records differ"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ending", ["killed", "stopped"])
@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_the_stage_decides_as_replay_does(new_stage: Callable[..., Stage], keyed_by: str, ending: str) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    log, last = generate(seed, SHAPE), last_events(PARTITIONS)
    expected = replayed(log, last)
    assert {outcome for outcome, *_ in expected.values()} == {
        "completed",
        "cancelled",
        "superseded",
        "lost",
        "unmatched",
    }

    stage = new_stage(
        INPUT_KEYED_BY=keyed_by, PARTITIONS=str(PARTITIONS), FLOW_RUN_LIMIT=f"{LIMIT:.0f}", SLICE_RECORDS="120"
    )
    await stage.feed(log.records(keyed=keyed_by == "subject"))
    await stage.feed((name.encode(), value) for name, value in last)
    first = stage.start()
    second = stage.start()
    await stage.until_published(len(expected) // 10)
    await stage.until_said(second, "holds")
    assert not await stage.is_through(), "the end of the first is to come in the middle"
    if ending == "killed":
        first.kill()
        first.wait()
    else:
        first.terminate()
        assert first.wait(20) == 0, stage.log(first)
    await stage.until_done(limit=120, workers=[second])
    async with asyncio.timeout(30):  # the last ticks go when the stages are idle
        while await stage.open_lifecycles() > PARTITIONS:
            await asyncio.sleep(1)
    second.terminate()
    assert second.wait(20) == 0, stage.log(second)

    assert_same(expected, decided(await stage.records()))
    assert await stage.read(stage.dead_letter) == []

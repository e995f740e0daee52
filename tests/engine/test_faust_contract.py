"""What the engine leans on in Faust, against a real broker: an upgrade that breaks one of these says which.

One app without the engine (``faust_app``) lives through a start, a second process that joins and leaves, and a stop;
each test looks at what it wrote down. The test's name is the behaviour, its docstring the engine's reason.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from faust.tables.recovery import Recovery, ServiceStopped
from faust.types import TP
from mode.utils.queues import FlowControlEvent, FlowControlQueue

from correlator.engine import Engine
from correlator.engine.table import RECOVERY_BUFFER
from tests.engine.fakes import OPTIONS, unused
from tests.engine.faust_app import AT_ONCE, GATHERING, Settings
from tests.engine.kafka import PATIENCE, Cluster, Row, connected, until
from tests.engine.processes import App, Deployment, Deployments

PARTITIONS = 4
CHANGES = (3, 3, 3, 4)
"""Records in the partitions of a changelog: an odd number, of which recovery gathers two at a time."""


class Plain(Deployment):
    """A deployment of the app without the engine."""

    module = "tests.engine.faust_app"

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        super().__init__(cluster, directory, {})
        self.stuck, self.stuck_unacked, self.told = f"{self.id}-stuck", f"{self.id}-stuck-unacked", f"{self.id}-told"
        self.changelogs = [f"{self.id}-{table}-changelog" for table in (GATHERING, AT_ONCE)]
        given = {"brokers", "app_id", "source"}
        self._settings = {name: value for name, value in self._settings.items() if name in given}
        self._settings |= {"told": self.told, "stuck": self.stuck, "stuck_unacked": self.stuck_unacked}
        assert self._settings.keys() <= set(Settings._fields)


class Run(NamedTuple):
    """What the processes wrote down."""

    plain: Plain
    one: App
    two: App
    committed: dict[str, list[int | None]]

    def upto(self, app: App, what: str) -> list[dict[str, Any]]:
        """The journal up to the first entry of a kind, with it."""
        entries = app.entries()
        return entries[: [entry["what"] for entry in entries].index(what) + 1]

    def rebalance(self, app: App) -> list[dict[str, Any]]:
        """The journal from the second revocation, the first one that takes anything, until all is ready again."""
        entries = app.entries()
        kinds = [entry["what"] for entry in entries]
        start = kinds.index("revoked", kinds.index("revoked") + 1)
        return entries[start : kinds.index("ready", start) + 1]


@pytest.fixture(scope="module")
def run(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    async def live(deployments: Deployments, directory: Path) -> Run:
        async with connected(kafka) as cluster:
            plain = Plain(cluster, directory)
            deployments.take(plain)
            topics = [plain.source, plain.told, plain.stuck, plain.stuck_unacked]
            await cluster.create(*topics, *plain.changelogs, partitions=PARTITIONS)
            for topic in plain.changelogs:
                await cluster.write(topic, rows(*CHANGES))
            one = plain.start()
            await one.says("ready")
            await cluster.write(plain.source, rows(3, 3, 3, 3))
            await one.says("event", times=3 * PARTITIONS, topic=plain.source)
            for topic in (plain.stuck, plain.stuck_unacked):
                await cluster.write(topic, rows(300, 300, 300, 300))
            await until(lambda: "has not started processing" in one.log.lower())
            two = plain.start()
            await two.says("ready")
            await one.says("ready", times=2)
            await until(lambda: "has not started processing" in two.log.lower())
            assert await two.stop() == 0
            await one.says("ready", times=3)
            assert await one.stop() == 0
            return Run(plain, one, two, {topic: await cluster.committed(plain.id, topic) for topic in topics})

    directory = tmp_path_factory.mktemp("faust")
    with Deployments(kafka, directory) as deployments:
        yield asyncio.run(live(deployments, directory))


def rows(*counts: int) -> list[Row]:
    """So many records for each partition."""
    return [Row(partition, b"key", b"value") for partition, count in enumerate(counts) for _ in range(count)]


def kinds(entries: Sequence[dict[str, Any]], *only: str) -> list[str]:
    return [entry["what"] for entry in entries if not only or entry["what"] in only]


def of(topic: str, tps: Sequence[Sequence[Any]]) -> set[int]:
    """The partitions of a topic among topics and partitions."""
    return {tp[1] for tp in tps if tp[0] == topic}


# How the consumer is made, and polled


def test_the_consumer_is_not_started_when_it_was_made(run: Run):
    """The engine sets its isolation level in between."""
    (made,) = run.one.entries("made a consumer")
    assert made["started"] is False
    assert made["isolation"] == "read_uncommitted"


def test_a_poll_is_given_the_set_of_active_partitions_itself(run: Run):
    """Not a copy: ``Readable`` asks it at the moment of handing over."""
    assert [entry["live"] for entry in run.one.entries("polls")] == [True]


# Acks and offsets


def test_a_topic_without_acks_is_never_committed(run: Run):
    """The offsets are the transactions'."""
    assert run.committed[run.plain.source] == [None] * PARTITIONS
    assert run.committed[run.plain.stuck] == [None] * PARTITIONS


def test_the_watchdogs_leave_a_topic_without_acks_alone(run: Run):
    """Faust believes that it committed nothing, and that a partition which is behind is stuck."""
    for app in (run.one, run.two):
        # Not aiokafka's: the first group of a new broker has to wait for its coordinator.
        errors = [line for line in app.log.splitlines() if " ERROR " in line and " aiokafka." not in line]
        assert app.entries("verifies", topic=run.plain.stuck)
        assert any(f"'{run.plain.stuck_unacked}'" in error for error in errors)  # so they do watch
        assert [error for error in errors if f"'{run.plain.stuck_unacked}'" not in error] == []


# Recovery


def test_an_assignment_is_told_before_recovery_asks_for_anything(run: Run):
    """The engine waits for the owners before in between: the offsets are settled then."""
    for entries in (run.upto(run.one, "ready"), run.rebalance(run.one)):
        asked = kinds(entries, "assigned", "assigned, done", "highwaters", "seek", "resume_partitions")
        assert asked[:4] == ["assigned", "assigned, done", "highwaters", "seek"]


def test_an_assignment_is_told_while_the_client_is_the_member_that_has_it(run: Run):
    """Offsets name both, generation and member, as they are then."""
    assignments = [app.entries("assigned") for app in (run.one, run.two)]
    assert [len(entries) for entries in assignments] == [3, 1]
    generations = [entry["generation"] for entry in assignments[0]]
    assert generations == sorted(set(generations))
    for entries in assignments:
        (member,) = {entry["member"][0] for entry in entries}
        assert member
        assert all(entry["member"][1] == entry["generation"] for entry in entries)


def test_a_topic_without_an_agent_is_read_where_its_neighbours_are(run: Run):
    """The engine makes no agent: it takes the records before Faust sees them."""
    for app in (run.one, run.two):
        for entry in app.entries("assigned"):
            assert of(run.plain.told, entry["tps"]) == of(run.plain.source, entry["tps"]) != set()


@pytest.mark.parametrize("when", ["start", "rebalance"])
def test_the_order_at_the_end_of_recovery(run: Run, when: str):
    """Streams resume before they are sought, and their queues are emptied after that: reading begins at the end."""
    entries = run.upto(run.one, "ready") if when == "start" else run.rebalance(run.one)
    end = entries[kinds(entries).index("recovered") :]
    steps = ("recovered", "resume_partitions", "perform_seek", "flow_control.resume", "resume_flow", "ready")
    assert kinds(end, *steps, "seek") == list(steps)
    (resumed,) = (entry for entry in end if entry["what"] == "resume_partitions")
    assert of(run.plain.source, resumed["tps"])
    assert not any(of(changelog, resumed["tps"]) for changelog in run.plain.changelogs)


@pytest.mark.parametrize("when", ["start", "rebalance"])
def test_the_last_seek_finds_the_flow_active(run: Run, when: str):
    """By this the engine knows it from a seek of a poll that found the flow stopped."""
    entries = run.upto(run.one, "ready") if when == "start" else run.rebalance(run.one)
    end = entries[kinds(entries).index("recovered") :]
    assert [entry["flow"] for entry in end if entry["what"] == "perform_seek"] == [True]


def test_the_flow_is_resumed_for_recovery_too(run: Run):
    """So a resumed flow alone does not mean that streams may be read."""
    before = run.upto(run.one, "recovered")
    assert "resume_flow" in kinds(before)
    assert "perform_seek" not in kinds(before)


def test_all_of_a_changelog_is_applied_before_the_streams_begin(run: Run):
    for changelog in run.plain.changelogs:
        applied = [e for e in run.upto(run.one, "recovered") if e["what"] == "applied" and e["topic"] == changelog]
        assert sorted((e["partition"], e["offset"]) for e in applied) == [
            (partition, offset) for partition in range(PARTITIONS) for offset in range(CHANGES[partition])
        ]


def test_the_changelog_of_a_kept_partition_is_read_from_the_stores_offset(run: Run):
    """Nothing is replayed at a rebalance that is here already."""
    entries = run.rebalance(run.one)
    (assigned,) = (entry for entry in entries if entry["what"] == "assigned, done")
    changelog = run.plain.changelogs[0]
    kept = of(changelog, assigned["actives"])
    sought = {
        partition: offset
        for entry in entries[: kinds(entries).index("recovered")]
        if entry["what"] == "seek"
        for topic, partition, offset in entry["offsets"]
        if topic == changelog and partition in kept
    }
    persisted = Settings._field_defaults["persisted"]
    assert sought == dict.fromkeys(kept, persisted)
    applied = [e for e in entries if e["what"] == "applied" and e["topic"] == changelog and e["partition"] in kept]
    assert min(entry["offset"] for entry in applied) == persisted + 1


def test_a_table_whose_recovery_gathers_one_event_is_read_on_after_it(run: Run):
    """Hence the engine's gathers two: its own changes would come back as events."""
    assert RECOVERY_BUFFER == 2
    (ready, *_) = run.one.entries("ready")
    gathering, at_once = run.plain.changelogs
    assert of(at_once, ready["active"])
    assert not of(gathering, ready["active"])


async def test_a_step_of_recovery_that_takes_too_long_ends_recovery_for_good():
    """Without a word, after ``broker_request_timeout``: the process lives on, and never reads again."""
    app = Engine(OPTIONS, fail=unused).app
    with pytest.raises(ServiceStopped):
        await Recovery(app, app.tables)._wait(asyncio.sleep(PATIENCE), timeout=0.01)


# Rebalances


@pytest.mark.parametrize("what", ["a revocation", "a stop"])
def test_empties_are_waited_for_with_the_flow_stopped(run: Run, what: str):
    """The engine finishes what it publishes there (``stream_wait_empty``)."""
    if what == "a revocation":
        entries = run.rebalance(run.one)
        entries = entries[: kinds(entries).index("revoked, done")]
    else:
        entries = run.one.entries()
        entries = entries[kinds(entries).index("stopping") :]
    assert kinds(entries, "stop_flow", "wait_empty")[:2] == ["stop_flow", "wait_empty"]
    waited = [entry for entry in entries if entry["what"] == "wait_empty"]
    assert all(entry["flow"] is entry["queues"] is False for entry in waited)


async def test_an_app_that_stops_waits_for_nothing_when_partitions_are_revoked():
    """Hence the engine's consumer finishes what it publishes before Faust hears of the revocation."""
    app, said = Engine(OPTIONS, fail=unused).app, list[str]()
    consumer: Any = SimpleNamespace(close=lambda: said.append("close"), wait_empty=unused, stop_flow=unused)
    app.consumer = consumer
    app._stopped.set()
    await app._on_partitions_revoked({TP("input", 0)})
    assert said == ["close"]


def test_a_revocation_takes_all_that_was_assigned(run: Run):
    first, second = run.one.entries("assigned")[:2]
    revoked = [entry["tps"] for entry in run.one.entries("revoked")]
    assert revoked[:3] == [[], first["tps"], second["tps"]]


def test_a_changelog_goes_where_its_input_goes(run: Run):
    """Partition n of both to the same process, before a rebalance and after it: a stage changes only its own table."""
    shares = []
    for app in (run.one, run.two):
        for entry in app.entries("assigned, done"):
            share = of(run.plain.source, entry["actives"])
            assert all(of(changelog, entry["actives"]) == share for changelog in run.plain.changelogs)
            shares.append(share)
    assert [len(share) for share in shares] == [4, 2, 4, 2]


def test_without_standbys_only_changelogs_of_ones_own_inputs_are_assigned(run: Run):
    """The table forgets every other partition, and Faust's own assignor is used though there are no standbys."""
    for app in (run.one, run.two):
        for told, done in zip(app.entries("assigned"), app.entries("assigned, done"), strict=True):
            assert done["standbys"] == []
            for changelog in run.plain.changelogs:
                assert of(changelog, told["tps"]) == of(changelog, done["actives"]) == of(run.plain.source, told["tps"])


# Queues


async def test_resuming_the_flow_empties_its_queues_though_it_was_not_suspended():
    """Why nothing may be read between the last seek and the last resume; and why a standby's slices may get lost."""
    flow = FlowControlEvent()
    queue: FlowControlQueue[int] = FlowControlQueue(flow_control=flow, clear_on_resume=True)
    kept: FlowControlQueue[int] = FlowControlQueue(flow_control=flow)
    flow.resume()
    await queue.put(1)
    await kept.put(1)
    flow.resume()
    assert queue.empty()
    assert not kept.empty()


# Topics


async def test_no_topic_is_declared(cluster: Cluster, deployments: Deployments, tmp_path: Path):
    """Faust asks one node, once; the product declares its topics itself, before it starts an app."""
    plain = Plain(cluster, tmp_path)
    deployments.take(plain)
    await cluster.create(plain.source, plain.told, plain.stuck, plain.stuck_unacked, partitions=PARTITIONS)
    app = plain.start()
    await app.says("assigned, done")
    assert {topic for topic in await cluster.topics() if topic.startswith(plain.id)} == {
        plain.source,
        plain.told,
        plain.stuck,
        plain.stuck_unacked,
    }

"""Compares the topics on the broker with the declared ones."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from correlator.settings import Settings, durations, variable
from correlator.topics.cluster import Topic, connected
from correlator.topics.declared import (
    CLEANUP_POLICY,
    ENOUGH_REPLICAS,
    IN_SYNC,
    MAX_MESSAGE_BYTES,
    RETENTION,
    SAFELY_IN_SYNC,
    Purpose,
    TopicSpec,
    declared,
    declared_for_bridge,
)

LARGEST_EVENT: Final = 512 * 1024
"""The message size that our own topics must accept, in bytes. An event that `prefect` lets through takes less than half
of it, however large it was. The input's limit says little about that, as it counts compressed bytes.
"""


class Difference(NamedTuple):
    """Something about a topic that is not as declared."""

    topic: str
    sentence: str
    refuses: bool
    """Whether the stage refuses to start because it would lose or confuse data."""


async def check(settings: Settings, *, bridge: bool = False) -> list[Difference]:
    """The differences between the topics on the broker and the declared ones; with ``bridge``, also the bridge's.
    Raises `TopicsError` if the broker cannot tell.
    """
    async with connected(settings) as cluster:
        found = await cluster.read(spec.name for spec in declared(settings))
        different = list(differences(settings, found, to_be_created=settings.create_topics))
        if bridge:
            found |= await cluster.read([settings.topic_bridge])
            for_bridge = differences_for_bridge(settings, found, to_be_created=settings.create_topics)
            different += [difference for difference in for_bridge if difference.topic == settings.topic_bridge]
        return different


def differences(settings: Settings, found: Mapping[str, Topic], *, to_be_created: bool = False) -> Iterator[Difference]:
    """The differences between the declared topics and the ones found, which are by name. ``to_be_created``: whether a
    worker will create missing topics other than the input.
    """
    input_, source = found.get(settings.topic_events), found.get(settings.topic_joined)
    for spec in declared(settings, source.partitions if source else None):
        topic = found.get(spec.name)
        if topic is None:
            yield _missing(spec, to_be_created=to_be_created)
            continue
        yield from _partitions(spec, topic, settings.topic_joined)
        yield from _cleanup(spec, topic)
        yield from _retention(spec, topic)
        yield from _in_sync(spec, topic)
        if input_ is not None:
            yield from _max_message_bytes(spec, topic, settings.topic_events, input_)


def differences_for_bridge(
    settings: Settings, found: Mapping[str, Topic], *, to_be_created: bool = False
) -> Iterator[Difference]:
    """The same for the topics that the bridge writes to."""
    for spec in declared_for_bridge(settings):
        topic = found.get(spec.name)
        if topic is None:
            yield _missing(spec, to_be_created=to_be_created)
            continue
        yield from _cleanup(spec, topic)
        yield from _in_sync(spec, topic)


def _missing(spec: TopicSpec, *, to_be_created: bool) -> Difference:
    if to_be_created and spec.purpose is not Purpose.INPUT:
        who = "the bridge" if spec.purpose is Purpose.POSITION else "a worker"
        sentence = f"The topic {spec.name} is missing: {who} creates it when it starts."
        return Difference(spec.name, sentence, refuses=False)
    remedy = f"create it with `correlator topics create{' --bridge' if spec.purpose is Purpose.POSITION else ''}`"
    if spec.purpose is Purpose.INPUT:
        remedy += f", or set {variable('topic_events')} to the topic that Prefect's events are in"
    return Difference(spec.name, f"The topic {spec.name} is missing: {remedy}.", refuses=True)


def _partitions(spec: TopicSpec, topic: Topic, source: str) -> Iterator[Difference]:
    """Checks the internal topics only: people may have reasons for the number of the others."""
    if topic.partitions == spec.partitions:
        return
    if spec.purpose is Purpose.LIFECYCLES:
        yield Difference(
            spec.name,
            f"The topic {spec.name} has {_count(topic.partitions)} but {variable('partitions')} is"
            f" {spec.partitions}: the stage uses the topic as it is;"
            f" set {variable('partitions')}={topic.partitions} to agree.",
            refuses=False,
        )
    if spec.purpose is Purpose.CHANGELOG:
        yield Difference(
            spec.name,
            f"The topic {spec.name} has {_count(topic.partitions)} but {source} has {spec.partitions}, and they must"
            f" have as many: give the deployment another {variable('app_id')}, or delete its internal topics.",
            refuses=True,
        )


def _cleanup(spec: TopicSpec, topic: Topic) -> Iterator[Difference]:
    """Compaction would drop events and dead letters that share a key; deletion would drop state."""
    policy = topic.config[CLEANUP_POLICY]
    if spec.cleanup_policy not in {None, policy}:
        yield Difference(
            spec.name,
            f"The topic {spec.name} has {CLEANUP_POLICY}={policy}: set it to {spec.cleanup_policy}.",
            refuses=spec.purpose is not Purpose.RECORDS,
        )


def _retention(spec: TopicSpec, topic: Topic) -> Iterator[Difference]:
    """A longer retention is fine, too."""
    kept = int(topic.config[RETENTION])
    if spec.retention is not None and 0 <= kept < spec.retention // timedelta(milliseconds=1):
        yield Difference(
            spec.name,
            f"The topic {spec.name} has {RETENTION}={kept}, which is {durations.show(timedelta(milliseconds=kept))}:"
            f" set it to {spec.config[RETENTION]} ({durations.show(spec.retention)}) or more.",
            refuses=False,
        )


def _in_sync(spec: TopicSpec, topic: Topic) -> Iterator[Difference]:
    """Does not check the input: it is the user's, who may have reasons."""
    least = int(topic.config.get(IN_SYNC, SAFELY_IN_SYNC))  # not every broker that speaks Kafka's protocol has it
    if spec.purpose is not Purpose.INPUT and topic.replicas >= ENOUGH_REPLICAS and least < SAFELY_IN_SYNC:
        yield Difference(
            spec.name,
            f"The topic {spec.name} has {topic.replicas} replicas and {IN_SYNC}={least}, so what is written may be lost"
            f" with one broker: set it to {SAFELY_IN_SYNC}.",
            refuses=False,
        )


def _max_message_bytes(spec: TopicSpec, topic: Topic, name: str, input_: Topic) -> Iterator[Difference]:
    most, least, because = int(topic.config[MAX_MESSAGE_BYTES]), int(input_.config[MAX_MESSAGE_BYTES]), f"than {name}"
    if spec.purpose in {Purpose.LIFECYCLES, Purpose.CHANGELOG} and least < LARGEST_EVENT:
        least, because = LARGEST_EVENT, "than an event may take"
    if spec.purpose in {Purpose.DEAD_LETTERS, Purpose.LIFECYCLES, Purpose.CHANGELOG} and most < least:
        yield Difference(
            spec.name,
            f"The topic {spec.name} has {MAX_MESSAGE_BYTES}={most}, less {because}: set it to {least} or more.",
            refuses=True,
        )


def _count(partitions: int) -> str:
    return f"{partitions} partition{'' if partitions == 1 else 's'}"

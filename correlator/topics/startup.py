"""Prepares the topics before the stage or the bridge starts: creates, checks and describes those that it needs."""

import logging
from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from correlator.internal_names import worker_ids
from correlator.settings import Settings
from correlator.topics.checking import Difference, differences, differences_for_bridge
from correlator.topics.cluster import Cluster, connected
from correlator.topics.creating import create_missing, create_missing_for_bridge
from correlator.topics.declared import MAX_MESSAGE_BYTES, TOMBSTONES, declared, declared_for_bridge
from correlator.topics.errors import TopicsError, not_alike, not_alone, not_of_this_release, not_permitted
from correlator.topics.group_members import Member
from correlator.topics.permissions import Permission, needed, needed_by_bridge

_log = logging.getLogger(__name__)


class Layout(NamedTuple):
    """What the stage must know of its topics on the broker."""

    partitions: Mapping[str, int]
    """The number of partitions, by topic."""
    max_message_bytes: Mapping[str, int]
    """The largest record batch, by topic."""
    tombstones_for: float
    """Seconds for which the changelog keeps a tombstone, at least."""


async def prepare(settings: Settings) -> Layout:
    """Create missing topics, if the settings say so (but never the input), and check all of them.

    Harmless differences are logged. Raises `TopicsError`, with all the reasons, if the stage must not start.
    """
    async with connected(settings) as cluster:
        await _require(cluster, needed(settings))
        if settings.create_topics:
            _tell(await create_missing(cluster, settings, input_too=False))
        found = await cluster.read(spec.name for spec in declared(settings))
        members = await cluster.members(settings.app_id)
    different = list(differences(settings, found))
    if settings.create_topics and settings.topic_events not in found:  # the others only wait for it
        different = [difference for difference in different if difference.topic == settings.topic_events]
    _refuse(different)
    _require_our_like(settings, members, found.keys())
    _warn(different)
    return Layout(
        {name: topic.partitions for name, topic in found.items()},
        {name: int(topic.config[MAX_MESSAGE_BYTES]) for name, topic in found.items()},
        int(found[settings.topic_changelog].config[TOMBSTONES]) / 1000,
    )


def _require_our_like(settings: Settings, members: Iterable[Member], topics: Set[str]) -> None:
    """Raise `TopicsError` unless all members of the group are workers of this release that read what we read."""
    if strangers := {topic for it in members if settings.topic_events not in it.reads for topic in it.reads}:
        raise not_alone(settings.app_id, strangers, topics)
    if any((settings.topic_lifecycles in it.reads) is settings.one_hop for it in members):
        raise not_alike(settings.app_id)
    if not all(it.client_id.startswith(worker_ids(settings.app_id)) for it in members):
        raise not_of_this_release(settings.app_id)


class Room(NamedTuple):
    """What the bridge must know of the input on the broker."""

    partitions: int
    max_message_bytes: int
    """The largest record batch that the input accepts."""


async def prepare_for_bridge(settings: Settings) -> Room:
    """Create missing topics, including the input, if the settings say so, and check all of them.

    Harmless differences are logged. Raises `TopicsError`, with all the reasons, if the bridge must not start.
    """
    async with connected(settings) as cluster:
        await _require(cluster, needed_by_bridge(settings))
        if settings.create_topics:
            _tell(await create_missing_for_bridge(cluster, settings))
        found = await cluster.read(spec.name for spec in declared_for_bridge(settings))
    different = list(differences_for_bridge(settings, found))
    _refuse(different)
    _warn(different)
    input_ = found[settings.topic_events]
    return Room(input_.partitions, int(input_.config[MAX_MESSAGE_BYTES]))


async def _require(cluster: Cluster, permissions: Iterable[Permission]) -> None:
    if lacking := await cluster.lacking(permissions):
        raise not_permitted(lacking)


def _tell(created: Iterable[str]) -> None:
    for name in created:
        _log.info("created the topic %s", name)


def _refuse(different: Iterable[Difference]) -> None:
    if refusing := [difference.sentence for difference in different if difference.refuses]:
        raise TopicsError("\n".join(refusing))


def _warn(different: Iterable[Difference]) -> None:
    for difference in different:
        _log.warning("%s", difference.sentence)

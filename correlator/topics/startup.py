"""Before the stage or the bridge starts: the topics it needs are there and fit, and how they are laid out."""

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
    """The topics as they are on the broker, as far as the stage asks."""

    partitions: Mapping[str, int]
    """How many, by the name of the topic."""
    max_message_bytes: Mapping[str, int]
    """The largest record batch that each takes."""
    tombstones_for: float
    """Seconds for which the changelog keeps a tombstone, at least."""


async def prepare(settings: Settings) -> Layout:
    """Create what is missing, where the settings say so (never the input), and look at the result.

    What differs without harm is logged. Raises `TopicsError`, with all the reasons, where the stage must not start.
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
    """Refuse to be in a group with other members than workers of this release, who read what we read."""
    if strangers := {topic for it in members if settings.topic_events not in it.reads for topic in it.reads}:
        raise not_alone(settings.app_id, strangers, topics)
    if any((settings.topic_lifecycles in it.reads) is settings.one_hop for it in members):
        raise not_alike(settings.app_id)
    if not all(it.client_id.startswith(worker_ids(settings.app_id)) for it in members):
        raise not_of_this_release(settings.app_id)


class Room(NamedTuple):
    """The input as the bridge finds it on the broker."""

    partitions: int
    max_message_bytes: int
    """The largest record batch that it takes."""


async def prepare_for_bridge(settings: Settings) -> Room:
    """Create what is missing, the input too, where the settings say so, and look at the result.

    What differs without harm is logged. Raises `TopicsError`, with all the reasons, where the bridge must not start.
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

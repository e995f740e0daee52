"""Before the stage starts: the topics it needs are there and fit, and how they are laid out."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from correlator.settings import Settings
from correlator.topics.checking import differences
from correlator.topics.cluster import connected
from correlator.topics.creating import create_missing
from correlator.topics.declared import MAX_MESSAGE_BYTES, TOMBSTONES, declared
from correlator.topics.errors import TopicsError, not_alike, not_alone, not_permitted
from correlator.topics.permissions import needed

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
        if lacking := await cluster.lacking(needed(settings)):
            raise not_permitted(lacking)
        if settings.create_topics:
            for name in await create_missing(cluster, settings, input_too=False):
                _log.info("created the topic %s", name)
        found = await cluster.read(spec.name for spec in declared(settings))
        members = await cluster.members(settings.app_id)
    different = list(differences(settings, found))
    if settings.create_topics and settings.topic_events not in found:  # the others only wait for it
        different = [difference for difference in different if difference.topic == settings.topic_events]
    refusing = [difference.sentence for difference in different if difference.refuses]
    if refusing:
        raise TopicsError("\n".join(refusing))
    if strangers := {topic for reads in members if settings.topic_events not in reads for topic in reads}:
        raise not_alone(settings.app_id, strangers, found.keys())
    if any((settings.topic_lifecycles in reads) is settings.one_hop for reads in members):
        raise not_alike(settings.app_id)
    for difference in different:
        _log.warning("%s", difference.sentence)
    return Layout(
        {name: topic.partitions for name, topic in found.items()},
        {name: int(topic.config[MAX_MESSAGE_BYTES]) for name, topic in found.items()},
        int(found[settings.topic_changelog].config[TOMBSTONES]) / 1000,
    )

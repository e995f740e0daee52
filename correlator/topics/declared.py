"""The topics of a deployment, as they should be."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from correlator.settings import Settings

PUBLISHED_RETENTION: Final = timedelta(days=30)
"""The retention of records and dead letters: long enough for their readers to get over any outage."""

LIFECYCLES_RETENTION: Final = timedelta(days=7)
"""The retention of the topic between the stages: it is read at once, unless the stage stands still for a long weekend.
"""

CLEANUP_POLICY: Final = "cleanup.policy"
RETENTION: Final = "retention.ms"
MAX_MESSAGE_BYTES: Final = "max.message.bytes"
TOMBSTONES: Final = "delete.retention.ms"
IN_SYNC: Final = "min.insync.replicas"

OFTEN_COMPACTED: Final = {"segment.bytes": str(8 << 20), "segment.ms": str(60 * 60 * 1000)}
"""The configuration of a topic that is compacted often: the bridge reads its position's topic from the beginning, and
Kafka compacts only full segments, of 1 GB by default.
"""

ENOUGH_REPLICAS: Final = 3
SAFELY_IN_SYNC: Final = 2
"""How many replicas must have a record before it counts as written: with one, it could be lost with that broker. A
topic with fewer than `ENOUGH_REPLICAS` could then not be written to while a broker is away.
"""


class Purpose(StrEnum):
    """What a topic is to the stage."""

    INPUT = "input"
    RECORDS = "records"
    DEAD_LETTERS = "dead letters"
    LIFECYCLES = "internal"
    CHANGELOG = "changelog"
    POSITION = "position"


class TopicSpec(NamedTuple):
    """A topic as it should be."""

    name: str
    purpose: Purpose
    key: str
    """What its records are keyed by, in words."""
    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    """The configuration that it must have, in Kafka's names; for the rest, it has the broker's defaults."""

    @property
    def cleanup_policy(self) -> str | None:
        """``delete`` or ``compact``; None if it is up to the user."""
        return self.config.get(CLEANUP_POLICY)

    @property
    def retention(self) -> timedelta | None:
        """How long it keeps records at least; None if that is up to the user, or for ever."""
        kept = self.config.get(RETENTION)
        return None if kept is None else timedelta(milliseconds=int(kept))


def declared(settings: Settings, joined_partitions: int | None = None) -> list[TopicSpec]:
    """The topics of a deployment, the input first.

    The changelog has as many partitions as the topic that correlate reads: ``joined_partitions``, or if that does not
    exist yet, as many as it would be created with. If the input is keyed by subject, there is no topic between the
    stages.
    """
    safe = _safe(settings)

    def spec(
        name: str, purpose: Purpose, key: str, config: Mapping[str, str], partitions: int | None = None
    ) -> TopicSpec:
        return TopicSpec(name, purpose, key, partitions or settings.partitions, settings.replication_factor, config)

    published = _deleted_after(PUBLISHED_RETENTION) | safe
    topics = [
        _input(settings),
        spec(settings.topic_worker_uptime, Purpose.RECORDS, "worker's resource id", published),
        spec(settings.topic_flow_run_duration, Purpose.RECORDS, "flow run's UUID", published),
        spec(settings.topic_dead_letter, Purpose.DEAD_LETTERS, "the original's", published),
    ]
    if not settings.one_hop:
        lifecycles = _deleted_after(LIFECYCLES_RETENTION) | safe
        topics.append(spec(settings.topic_lifecycles, Purpose.LIFECYCLES, "subject", lifecycles))
    compacted = {CLEANUP_POLICY: "compact"} | safe
    topics.append(spec(settings.topic_changelog, Purpose.CHANGELOG, "subject", compacted, joined_partitions))
    return topics


def declared_for_bridge(settings: Settings) -> list[TopicSpec]:
    """The topics that the bridge writes to: the input, and the topic of its position."""
    config = {CLEANUP_POLICY: "compact"} | OFTEN_COMPACTED | _safe(settings)
    key = "what it tells of the position"
    return [
        _input(settings),
        TopicSpec(settings.topic_bridge, Purpose.POSITION, key, 1, settings.replication_factor, config),
    ]


def _input(settings: Settings) -> TopicSpec:
    """The input. Its configuration is up to the user."""
    key = "subject" if settings.one_hop else "any"
    return TopicSpec(settings.topic_events, Purpose.INPUT, key, settings.partitions, settings.replication_factor, {})


def _safe(settings: Settings) -> dict[str, str]:
    return {IN_SYNC: str(SAFELY_IN_SYNC)} if settings.replication_factor >= ENOUGH_REPLICAS else {}


def _deleted_after(retention: timedelta) -> dict[str, str]:
    return {CLEANUP_POLICY: "delete", RETENTION: str(retention // timedelta(milliseconds=1))}

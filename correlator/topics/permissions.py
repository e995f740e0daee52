"""The permissions that a worker needs: the least that it runs with if somebody else has created the topics."""

from collections.abc import Iterator
from enum import Enum, StrEnum
from typing import NamedTuple

from correlator.internal_names import worker_ids
from correlator.settings import Settings
from correlator.topics.declared import Purpose, declared, declared_for_bridge


class Resource(StrEnum):
    """What an access rule is about, in the words of ``kafka-acls``."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactional-id"


class Operation(Enum):
    """An operation on a resource; the value is Kafka's code (``org.apache.kafka.common.acl.AclOperation``)."""

    READ = 3
    WRITE = 4
    DESCRIBE_CONFIGS = 10


class Permission(NamedTuple):
    """Operations on a resource that must be allowed. READ and WRITE each include DESCRIBE."""

    resource: Resource
    name: str
    prefixed: bool
    """Whether ``name`` is a prefix of the resources' names."""
    operations: tuple[Operation, ...]
    why: str


_OF_TOPICS = {
    Purpose.INPUT: ((Operation.READ,), "the events are read"),
    Purpose.RECORDS: ((Operation.WRITE,), "records are published"),
    Purpose.DEAD_LETTERS: ((Operation.WRITE,), "dead letters are published"),
    Purpose.LIFECYCLES: ((Operation.READ, Operation.WRITE), "intake writes it, correlate reads it"),
    Purpose.CHANGELOG: ((Operation.READ, Operation.WRITE), "the state is kept in it, and recovered from it"),
}

_OF_THE_BRIDGES_TOPICS = {
    Purpose.INPUT: ((Operation.WRITE,), "Prefect's events are published"),
    Purpose.POSITION: ((Operation.READ, Operation.WRITE), "the position is kept in it, and recovered from it"),
}


def needed(settings: Settings) -> Iterator[Permission]:
    """The permissions that a deployment's workers need: for topics in the order of `declared`, then for the rest."""
    for spec in declared(settings):
        operations, why = _OF_TOPICS[spec.purpose]
        yield Permission(Resource.TOPIC, spec.name, False, (*operations, Operation.DESCRIBE_CONFIGS), why)
    yield Permission(Resource.GROUP, settings.app_id, False, (Operation.READ,), "the workers share the partitions")
    yield Permission(
        Resource.TRANSACTIONAL_ID,
        worker_ids(settings.app_id),
        True,
        (Operation.WRITE,),
        "records, state and offsets are written together",
    )


def needed_by_bridge(settings: Settings) -> Iterator[Permission]:
    """The permissions that the bridge needs, in the same order."""
    for spec in declared_for_bridge(settings):
        operations, why = _OF_THE_BRIDGES_TOPICS[spec.purpose]
        yield Permission(Resource.TOPIC, spec.name, False, (*operations, Operation.DESCRIBE_CONFIGS), why)
    yield Permission(
        Resource.TRANSACTIONAL_ID,
        settings.topic_bridge,
        False,
        (Operation.WRITE,),
        "events and position are written together, and a second bridge ends the first",
    )

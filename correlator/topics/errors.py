"""Errors about topics, in sentences for people."""

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from correlator.settings import variable
from correlator.topics.permissions import Permission

_NO_PERMISSION = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError)


class TopicsError(Exception):
    """The topics are not usable as they are. The text says what is wrong and what to do, one sentence per line."""


class Refusal(NamedTuple):
    """What the broker said about one topic."""

    error: type[KafkaError]
    message: str


def not_created(refusals: Mapping[str, Refusal]) -> TopicsError:
    """The error for topics that could not be created. ``refusals``: by the name of the topic."""
    sentences = []
    forbidden = [name for name, refusal in refusals.items() if issubclass(refusal.error, _NO_PERMISSION)]
    if forbidden:
        sentences.append(
            f"No permission to create {listed(forbidden)}: allow CREATE on {_it(forbidden)},"
            f" or have {_it(forbidden)} created and set {variable('create_topics')}=false."
        )
    lonely = {name: refusal for name, refusal in refusals.items() if refusal.error is InvalidReplicationFactorError}
    if lonely:
        message = next(iter(lonely.values())).message.rstrip(".")
        sentences.append(
            f"{listed(lonely)} cannot be created with that many replicas ({message}):"
            f" set {variable('replication_factor')} to at most the number of brokers."
        )
    sentences += [
        f"{name} could not be created: {refusal.message.rstrip('.') or refusal.error.__name__}."
        for name, refusal in refusals.items()
        if name not in {*forbidden, *lonely}
    ]
    return TopicsError("\n".join(sentences))


def not_shown(refusals: Mapping[str, Refusal]) -> TopicsError:
    """The error for topics that could not be described. ``refusals``: by the name of the topic."""
    forbidden = [name for name, refusal in refusals.items() if issubclass(refusal.error, _NO_PERMISSION)]
    sentences = [
        f"{name} could not be described: {refusal.message.rstrip('.') or refusal.error.__name__}."
        for name, refusal in refusals.items()
        if name not in forbidden
    ]
    if forbidden:
        sentences.insert(
            0,
            f"No permission to describe {listed(forbidden)}: allow DESCRIBE and DESCRIBE_CONFIGS on {_it(forbidden)}.",
        )
    return TopicsError("\n".join(sentences))


def not_permitted(lacking: Iterable[Permission]) -> TopicsError:
    """The error for missing permissions, which would otherwise stop the running stage."""
    return TopicsError(
        "\n".join(
            f"No permission for {listed([operation.name for operation in it.operations])}"
            f" on the {it.resource} {it.name}: allow it, as {it.why}."
            for it in lacking
        )
    )


def not_spoken(servers: str, error: Exception) -> TopicsError:
    """The error for a broker, other than the one we connected to, that does not know our version of a request."""
    reason = str(error).removeprefix(f"{type(error).__name__}: ").rstrip(".")
    return TopicsError(
        f"One of the brokers of Kafka at {servers} does not speak our version of its protocol ({reason}):"
        " run Apache Kafka 2.5 or newer on all of them."
    )


def not_alone(app_id: str, topics: Set[str], ours: Set[str]) -> TopicsError:
    """The error for members of our group that do not read our input. ``topics``: what they read; ``ours``: our topics.

    A worker of another deployment reads its own input, which is not one of our topics. A member that only reads our
    topics is not a worker.
    """
    if inputs := topics - ours:
        return TopicsError(
            f"Another deployment runs under the app id {app_id} and reads {listed(sorted(inputs))}: give one of them"
            f" another {variable('app_id')}. (If you have changed {variable('topic_events')}, stop all of its workers"
            " first.)"
        )
    return TopicsError(
        f"Another consumer in group {app_id} reads {listed(sorted(topics))}: move it to a group of its own,"
        f" since {app_id} is reserved for the workers."
    )


def not_alike(app_id: str) -> TopicsError:
    """The error for workers in our group with another number of hops: neither can use the other's state."""
    return TopicsError(
        f"Workers are running under the app id {app_id} with another {variable('input_keyed_by')}:"
        f" set it to the same here, or start from scratch under another {variable('app_id')}."
    )


def not_of_this_release(app_id: str) -> TopicsError:
    """The error for members of our group that read our topics but have no worker's client id: they and we would not
    fence each other.
    """
    return TopicsError(
        f"Workers of another release are running under the app id {app_id}, or another consumer reads the same topics"
        " in its group: stop all of them before you start this release."
    )


def listed(names: Iterable[str]) -> str:
    """Names as a list: ``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _it(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"

"""What can be wrong with topics, in sentences for people."""

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
    """Topics, by name, that could not be created."""
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
    """Topics, by name, that could not be described."""
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
    """What the broker would refuse while the stage runs."""
    return TopicsError(
        "\n".join(
            f"No permission for {listed([operation.name for operation in it.operations])}"
            f" on the {it.resource} {it.name}: allow it, as {it.why}."
            for it in lacking
        )
    )


def not_spoken(servers: str, error: Exception) -> TopicsError:
    """A broker, other than the one that was connected to, does not know a request, or not in a version that we know."""
    reason = str(error).removeprefix(f"{type(error).__name__}: ").rstrip(".")
    return TopicsError(
        f"One of the brokers of Kafka at {servers} does not speak our version of its protocol ({reason}):"
        " run Apache Kafka 2.5 or newer on all of them."
    )


def not_alone(app_id: str, topics: Set[str], ours: Set[str]) -> TopicsError:
    """Members of our group do not read our input: what they read, and which topics are ours.

    A worker of another deployment reads an input, which is not one of our topics; what only reads ours is not a worker.
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
    """Members of our group read our input in another number of hops: neither can use the other's state."""
    return TopicsError(
        f"Workers are running under the app id {app_id} with another {variable('input_keyed_by')}:"
        f" set it to the same here, or start from scratch under another {variable('app_id')}."
    )


def not_of_this_release(app_id: str) -> TopicsError:
    """Members of our group read what we read, but are no workers as we know them: neither would fence the other."""
    return TopicsError(
        f"Workers of another release are running under the app id {app_id}, or another consumer reads the same topics"
        " in its group: stop all of them before you start this release."
    )


def listed(names: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _it(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"

"""The brokers, for reading and creating topics. A request that fails for the moment is repeated."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    NotControllerError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from correlator.client import client_of
from correlator.settings import Settings
from correlator.topics.authorized import missing
from correlator.topics.connecting import PAUSE, connect
from correlator.topics.declared import TopicSpec
from correlator.topics.errors import Refusal, TopicsError, not_created, not_shown, not_spoken
from correlator.topics.group_members import Member, members
from correlator.topics.permissions import Permission

ASKING: Final = 30.0
"""Seconds that a request may take, repetitions included."""

_NOT_SPOKEN: Final = (IncompatibleBrokerVersion, NotImplementedError)
"""aiokafka's errors if it and a broker have no version of a request in common."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Topic(NamedTuple):
    """A topic as it is on the broker."""

    partitions: int
    replicas: int
    """How many replicas the partition with the fewest has."""
    config: Mapping[str, str]
    """Its whole configuration, defaults included."""


class _ConfigsResponse(Protocol):
    resources: list[tuple[int, str | None, int, str, list[tuple[str, str]]]]


class _CreateResponse(Protocol):
    topic_errors: list[tuple[str, int, str | None]]


class Cluster:
    """A connection to the brokers. Every method raises `TopicsError` if it fails."""

    def __init__(self, admin: AIOKafkaAdminClient, servers: str) -> None:
        self._admin, self._servers = admin, servers

    async def read(self, names: Iterable[str]) -> dict[str, Topic]:
        """The topics as they are on the broker, by name; missing ones are left out."""
        wanted = list(names)
        return await self._until_done(lambda: self._read(wanted))

    async def create(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create topics, wait until they are there, and return the names of those that are new."""
        waiting, created = {spec.name: spec for spec in specs}, list[str]()
        if waiting:
            await self._until_done(lambda: self._create(waiting, created))
            await self._until_done(lambda: self._see(created))
        return created

    async def lacking(self, permissions: Iterable[Permission]) -> list[Permission]:
        """The permissions for topics and groups that we lack."""
        wanted = list(permissions)
        return await self._until_done(lambda: missing(self._admin, wanted))

    async def members(self, group: str) -> set[Member]:
        """The members of the group, as far as they say what they read."""
        return await self._until_done(lambda: members(self._admin, group))

    async def _read(self, names: list[str]) -> dict[str, Topic]:
        # Configuration first: unlike a request for metadata, it does not make a broker with auto-creation create the
        # topic, and it tells a topic that is missing from one that we may not see.
        configs: dict[str, dict[str, str]] = {}
        refusals: dict[str, Refusal] = {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        for response in cast(list[_ConfigsResponse], await self._admin.describe_configs(resources)):
            for code, message, _, name, entries in response.resources:
                if not code:
                    configs[name] = {entry[0]: entry[1] for entry in entries}
                elif for_code(code) is not UnknownTopicOrPartitionError:
                    refusals[name] = Refusal(for_code(code), message or "")
        if configs and not refusals:
            described = await self._admin.describe_topics(list(configs))
            refusals |= {t["topic"]: Refusal(for_code(t["error_code"]), "") for t in described if t["error_code"]}
            if not refusals:
                return {t["topic"]: _topic(t["partitions"], configs[t["topic"]]) for t in described}
        _raise(refusals, not_shown)
        return {}

    async def _create(self, waiting: dict[str, TopicSpec], created: list[str]) -> None:
        new = [
            NewTopic(spec.name, spec.partitions, spec.replication_factor, topic_configs=dict(spec.config))
            for spec in waiting.values()
        ]
        try:
            response = cast(_CreateResponse, await self._admin.create_topics(new, timeout_ms=int(ASKING * 1000)))
        except AttributeError:
            if self._admin._client.cluster.controller is not None:
                raise
            # aiokafka asks None for its address where the cluster has no controller at the moment
            raise NotControllerError("no controller is known") from None
        refusals: dict[str, Refusal] = {}
        for name, code, message in response.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                refusals[name] = Refusal(for_code(code), message or "")
                continue
            del waiting[name]
            if not code:
                created.append(name)
        _raise(refusals, not_created)

    async def _see(self, names: list[str]) -> None:
        found = await self._read(names)
        for name in names:
            if name not in found:
                raise UnknownTopicOrPartitionError(name)

    async def _until_done(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        fault: Exception = TimeoutError()
        try:
            async with asyncio.timeout(ASKING):
                while True:
                    try:
                        return await attempt()
                    except _NOT_SPOKEN as error:
                        raise not_spoken(self._servers, error) from None
                    except (KafkaError, OSError) as error:
                        fault = error
                        _log.debug("asking again after %r", error)
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            raise TopicsError(
                f"Kafka at {self._servers} did not answer about topics within {ASKING:.0f} seconds"
                f" ({type(fault).__name__}): check that all of its brokers are healthy."
            ) from None


def _topic(partitions: list[Any], config: Mapping[str, str]) -> Topic:
    return Topic(len(partitions), min(len(partition["replicas"]) for partition in partitions), config)


def _raise(refusals: dict[str, Refusal], explained: Callable[[dict[str, Refusal]], TopicsError]) -> None:
    """Raise what can be tried again only if nothing else is wrong."""
    final = {name: refusal for name, refusal in sorted(refusals.items()) if not refusal.error.retriable}
    if final:
        raise explained(final)
    for name, passing in refusals.items():
        raise passing.error(name)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Cluster]:
    """A connection for the length of the block.

    Raises `TopicsError` if no broker accepts us, and `SettingsError` if a file that a setting names cannot be used.
    """
    admin = await connect(client_of(settings), f"{settings.app_id}-topics")
    try:
        yield Cluster(admin, ",".join(settings.bootstrap_servers))
    finally:
        await admin.close()

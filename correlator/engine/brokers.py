"""The engine's requests to brokers, other than for reading and writing. A request that fails for the moment is repeated
without end; the watchdog ends the process if that takes too long.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import (
    ConcurrentTransactions,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    LeaderNotAvailableError,
    NotCoordinatorError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.transaction import InitProducerIdRequest

from correlator.engine.requests import ListTransactions, OffsetFetch, by_topic
from correlator.engine.roster import Described, DescribedMember
from correlator.engine.slices import TopicPartition

PAUSE: Final = 0.05
"""Seconds before a request is repeated."""

_UNSTABLE_OFFSET_COMMIT: Final = 88
_ANY_REPLICA: Final = -1
_UNCOMMITTED: Final = 0
"""The isolation level that sees the high watermark."""
_LATEST: Final = -1
_EARLIEST: Final = -2
_NEVER_USED: Final = 1000
"""A transaction timeout in milliseconds, for a request that begins no transaction."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Brokers:
    """The brokers of a group, reached over a client that the caller has started. Raises aiokafka's errors if repeating
    a request does not help.
    """

    def __init__(self, client: AIOKafkaClient, group: str) -> None:
        self._client, self._group = client, group

    async def settled_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int | None]:
        """The group's committed offsets, once no open transaction can change them any more. None for a partition
        without one.
        """

        async def ask() -> dict[TopicPartition, int | None]:
            response = await self._to_coordinator(
                CoordinationType.GROUP, self._group, OffsetFetch(self._group, partitions)
            )
            _check(response.error_code)
            offsets: dict[TopicPartition, int | None] = {}
            for name, rows, _ in response.topics:
                for number, offset, _, _, code, _ in rows:
                    _check(code)
                    offsets[TopicPartition(name, number)] = None if offset < 0 else offset
            return offsets

        return await self._until_answered(ask) if partitions else {}

    async def beginnings(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offsets at which the records of partitions begin."""
        return await self._listed(partitions, _EARLIEST)

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The high watermarks of partitions: where replicated records end, including those of open transactions."""
        return await self._listed(partitions, _LATEST)

    async def _listed(self, partitions: Collection[TopicPartition], at: int) -> Mapping[TopicPartition, int]:
        async def ask() -> dict[TopicPartition, int]:
            await asyncio.gather(*map(self._client.add_topic, {name for name, _ in partitions}))
            by_leader: defaultdict[int, list[TopicPartition]] = defaultdict(list)
            for tp in partitions:
                by_leader[self._leader(tp)].append(tp)
            offsets: dict[TopicPartition, int] = {}
            for response in await asyncio.gather(
                *(self._client.send(leader, _look_up(its, at)) for leader, its in by_leader.items())
            ):
                for name, rows in response.topics:
                    for number, code, _, offset in rows:
                        _check(code)
                        offsets[TopicPartition(name, number)] = offset
            return offsets

        return await self._until_answered(ask) if partitions else {}

    async def members(self) -> set[str]:
        """The client ids of the group's members."""
        return {member.client_id for member in (await self.group()).members}

    async def group(self) -> Described:
        """The group as its coordinator describes it now."""

        async def ask() -> Described:
            response = await self._to_coordinator(
                CoordinationType.GROUP, self._group, DescribeGroupsRequest([self._group])
            )
            ((code, _, state, _, _, members, *_),) = response.groups
            _check(code)
            return Described(state, [DescribedMember(*member) for member in members])

        return await self._until_answered(ask)

    async def ongoing(self) -> set[str]:
        """The transactional ids with an open transaction, as far as we may see them. Brokers before 3.0 do not list
        any.
        """

        async def ask(node: int) -> set[str]:
            response = await self._client.send(node, ListTransactions())
            _check(response.error_code)
            return {id_ for id_, *_ in response.transactions}

        nodes = [broker.nodeId for broker in self._client.cluster.brokers()]
        answers = await asyncio.gather(*map(ask, nodes), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, KafkaError):
                raise answer
        return set[str]().union(*(answer for answer in answers if isinstance(answer, set)))

    async def end_transaction(self, transactional_id: str) -> None:
        """End the transaction of an id and fence its owner. It may return before all partitions have the end."""

        async def ask() -> None:
            response = await self._to_coordinator(
                CoordinationType.TRANSACTION, transactional_id, InitProducerIdRequest(transactional_id, _NEVER_USED)
            )
            if for_code(response.error_code) is not ConcurrentTransactions:  # then it is being ended
                _check(response.error_code)

        await self._until_answered(ask)

    async def _to_coordinator(self, of: int, key: str, request: Any) -> Any:
        node = await self._client.coordinator_lookup(of, key)
        if not await self._client.ready(node, group=ConnectionGroup.COORDINATION):
            raise CoordinatorNotAvailableError(key)
        return await self._client.send(node, request, group=ConnectionGroup.COORDINATION)

    def _leader(self, tp: TopicPartition) -> int:
        leader: int | None = self._client.cluster.leader_for_partition(tp)
        if leader is None or leader < 0:
            raise LeaderNotAvailableError(str(tp))
        return leader

    async def _until_answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except KafkaError as error:
                if not (error.retriable or isinstance(error, _PASSING)):
                    raise
                _log.debug("asking again after %r", error)
                if error.invalid_metadata:
                    await self._client.force_metadata_update()
            await asyncio.sleep(PAUSE)


class _Unsettled(KafkaError):
    """A transaction may still change what was asked for."""

    retriable = True


def _look_up(partitions: Iterable[TopicPartition], at: int) -> OffsetRequest:
    topics = [(name, [(number, at) for number in numbers]) for name, numbers in by_topic(partitions).items()]
    return OffsetRequest(_ANY_REPLICA, _UNCOMMITTED, topics)


def _check(code: int) -> None:
    if code == _UNSTABLE_OFFSET_COMMIT:  # aiokafka has no name for it
        raise _Unsettled("an offset is part of a transaction that has not ended")
    if code:
        raise for_code(code)


_PASSING = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)
"""Errors that pass by themselves; aiokafka does not call all of them retriable."""

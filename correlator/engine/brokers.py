"""What the engine asks brokers beside reading and writing. What fails for a moment is asked again, without end: the
watchdog says when that is too long.
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
"""Seconds until the same is asked again."""

_UNSTABLE_OFFSET_COMMIT: Final = 88
_ANY_REPLICA: Final = -1
_UNCOMMITTED: Final = 0
"""The isolation level of a reader that sees the high watermark."""
_LATEST: Final = -1
_EARLIEST: Final = -2
_NEVER_USED: Final = 1000
"""Milliseconds: the timeout of transactions that are never begun."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Brokers:
    """The brokers of a group, over a client that somebody else has started. Raises aiokafka's errors where asking again
    does not help.
    """

    def __init__(self, client: AIOKafkaClient, group: str) -> None:
        self._client, self._group = client, group

    async def settled_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int | None]:
        """The group's committed offsets, once no transaction can change them any more; None where there is none."""

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
        """Where records begin."""
        return await self._listed(partitions, _EARLIEST)

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Where replicated records end, those of open transactions among them: the high watermarks."""
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
        """The group, as its coordinator has it at the moment."""

        async def ask() -> Described:
            response = await self._to_coordinator(
                CoordinationType.GROUP, self._group, DescribeGroupsRequest([self._group])
            )
            ((code, _, state, _, _, members, *_),) = response.groups
            _check(code)
            return Described(state, [DescribedMember(*member) for member in members])

        return await self._until_answered(ask)

    async def ongoing(self) -> set[str]:
        """The transactional ids that are in a transaction, as far as we may see them and brokers tell. Those before 3.0
        do not.
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
        """End the transaction of an id, and fence who has it. It may return before the end is in all partitions."""

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
"""What passes by itself; aiokafka calls not all of these retriable."""

"""Who is in the group, where it says that it is reached, and what it holds: as the coordinator has it.

Faust tells members of one another, too, but only when the group rebalances. A static member that restarts within its
session causes none (KIP-345): then the coordinator alone knows where it is now.
"""

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import msgspec
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from aiokafka.errors import KafkaError

from correlator.engine.slices import TopicPartition

PATIENCE: Final = 0.5
"""Seconds that the coordinator has for its answer; then the one before is as good as any."""

_STABLE: Final = "Stable"
_WITHOUT_MEMBERS: Final = ("Empty", "Dead")

_log = logging.getLogger(__name__)


class DescribedMember(NamedTuple):
    """A member of a group. Without metadata and assignment, unless the group is stable."""

    id: str
    client_id: str
    client_host: str
    metadata: bytes
    assignment: bytes


class Described(NamedTuple):
    """A group."""

    state: str
    """``Stable``, ``PreparingRebalance``, ``CompletingRebalance``, ``Empty`` or ``Dead``."""
    members: Sequence[DescribedMember]


class Member(NamedTuple):
    """A member of the group, as it says."""

    client_id: str
    url: str
    """What it tells of itself: anything, or nothing."""
    partitions: frozenset[TopicPartition]
    """What is assigned to it."""


class Roster:
    """The members of a group, as they were when it was last stable: while it rebalances, nobody holds anything."""

    def __init__(self, ask: Callable[[], Awaitable[Described]]) -> None:
        self._ask = ask
        self._known: Sequence[Member] | None = None

    async def members(self) -> Sequence[Member] | None:
        """The members; None where the group was never seen stable."""
        try:
            async with asyncio.timeout(PATIENCE):
                described = await self._ask()
        except (KafkaError, OSError, TimeoutError) as error:
            _log.debug("the group is not told: %r", error)
            return self._known
        if described.state == _STABLE:
            self._known = [_member(it) for it in described.members]
        elif described.state in _WITHOUT_MEMBERS:
            self._known = []
        return self._known


class _Told(msgspec.Struct):
    """Of what Faust has a member tell the group, what we read."""

    url: str


_told: Final = msgspec.json.Decoder(_Told).decode


def _member(it: DescribedMember) -> Member:
    """What a member tells and holds, as far as that can be read: others may be in the group, by mistake or not."""
    url, partitions = "", frozenset[TopicPartition]()
    try:
        url = _told(ConsumerProtocolMemberMetadata.decode(it.metadata).user_data).url
        assigned = ConsumerProtocolMemberAssignment.decode(it.assignment).partitions()
        partitions = frozenset(TopicPartition(*tp) for tp in assigned)
    except (msgspec.MsgspecError, struct.error, ValueError, TypeError) as error:
        _log.debug("%s cannot be read: %r", it.client_id, error)
    return Member(it.client_id, url, partitions)

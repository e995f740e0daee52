"""The members of the group, their URLs and their partitions, as the group's coordinator knows them.

Faust tells members about one another, too, but only when the group rebalances. A static member that restarts within its
session causes no rebalance (KIP-345), and then only the coordinator knows its new URL.
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

ANSWER_WITHIN: Final = 0.5
"""Seconds to wait for the coordinator's answer. After that, its last answer is used."""

_STABLE: Final = "Stable"
_WITHOUT_MEMBERS: Final = ("Empty", "Dead")

_log = logging.getLogger(__name__)


class DescribedMember(NamedTuple):
    """A member of a group. Metadata and assignment are empty unless the group is stable."""

    id: str
    client_id: str
    client_host: str
    metadata: bytes
    assignment: bytes


class Described(NamedTuple):
    """A group, as its coordinator describes it."""

    state: str
    """``Stable``, ``PreparingRebalance``, ``CompletingRebalance``, ``Empty`` or ``Dead``."""
    members: Sequence[DescribedMember]


class Member(NamedTuple):
    """A member of the group."""

    client_id: str
    url: str
    """The URL that it gives as its own; it may be any text, or empty."""
    partitions: frozenset[TopicPartition]
    """The partitions that are assigned to it."""


class Roster:
    """The members of a group, as of when it was last stable: while it rebalances, nobody holds anything."""

    def __init__(self, ask: Callable[[], Awaitable[Described]]) -> None:
        self._ask = ask
        self._known: Sequence[Member] | None = None

    async def members(self) -> Sequence[Member] | None:
        """The members; None if the group has not been seen stable yet."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                described = await self._ask()
        except (KafkaError, OSError, TimeoutError) as error:
            _log.debug("the coordinator did not describe the group: %r", error)
            return self._known
        if described.state == _STABLE:
            self._known = [_member(it) for it in described.members]
        elif described.state in _WITHOUT_MEMBERS:
            self._known = []
        return self._known


class _UserData(msgspec.Struct):
    """The part of Faust's user data that we read."""

    url: str


_user_data: Final = msgspec.json.Decoder(_UserData).decode


def _member(it: DescribedMember) -> Member:
    """The member, as far as its data can be read: other programs may be in the group, by mistake or not."""
    url, partitions = "", frozenset[TopicPartition]()
    try:
        url = _user_data(ConsumerProtocolMemberMetadata.decode(it.metadata).user_data).url
        assigned = ConsumerProtocolMemberAssignment.decode(it.assignment).partitions()
        partitions = frozenset(TopicPartition(*tp) for tp in assigned)
    except (msgspec.MsgspecError, struct.error, ValueError, TypeError) as error:
        _log.debug("%s cannot be read: %r", it.client_id, error)
    return Member(it.client_id, url, partitions)

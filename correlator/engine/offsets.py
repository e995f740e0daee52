"""Offsets in a transaction, in the name of a member of the group: aiokafka names none, so that nobody is refused."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.client import CoordinationType
from aiokafka.errors import GroupAuthorizationFailedError
from aiokafka.producer.sender import Sender, TxnOffsetCommitHandler
from aiokafka.structs import TopicPartition as Partition

from correlator.engine.membership import Membership
from correlator.engine.requests import TxnOffsetCommit
from correlator.engine.slices import TopicPartition

REFUSALS: Final[Mapping[int, str]] = {
    22: "the group has gone on to another generation (ILLEGAL_GENERATION)",
    25: "the group knows this member no more (UNKNOWN_MEMBER_ID)",
    27: "the group has begun another generation (REBALANCE_IN_PROGRESS)",
    82: "another process has the instance id (FENCED_INSTANCE_ID)",
}
"""By Kafka's error codes; aiokafka has no name for some of them."""
_KNOWN: Final = frozenset({0, 3, 7, 14, 15, 16, 30, 47, 53})
"""The codes that aiokafka deals with: what passes by itself, a fenced producer, a permission that is missing."""


class Refused(Exception):
    """The offsets were not taken, and will not be. The text says why."""


class NotOurs(Refused):
    """The group has given the partitions to others. The text says how it put that."""


async def commit_in_the_name_of(
    producer: AIOKafkaProducer, membership: Membership, ends: Mapping[TopicPartition, int]
) -> None:
    """Let the producer's transaction commit offsets. Raises `NotOurs`, and what the producer raises.

    Raises `NotOurs` for a membership that was lost before it was noted, too: what names no member is not checked.
    """
    if membership.generation < 0 or not membership.member:
        raise NotOurs("the group took this member out while it was taking partitions over")
    sender: Any = producer._sender
    sender.__class__ = _MembersSender  # the producer takes no other class, and makes it itself
    sender.membership = membership
    await producer.send_offsets_to_transaction({Partition(*tp): end for tp, end in ends.items()}, membership.group)


class _MembersSender(Sender):
    membership: Membership

    async def _do_txn_offset_commit(self, offsets: Any, group_id: str) -> None:
        try:
            node = await self._find_coordinator(CoordinationType.GROUP, group_id)  # type: ignore[no-untyped-call]
        except GroupAuthorizationFailedError as error:
            self._txn_manager.error_transaction(error)
            return
        handler: Any = _MembersOffsets
        await handler(self, offsets, group_id).do(node)


class _Answer(NamedTuple):
    """Version 3 as version 0."""

    errors: list[tuple[str, list[tuple[int, int]]]]


class _MembersOffsets(TxnOffsetCommitHandler):
    _sender: _MembersSender

    def create_request(self) -> TxnOffsetCommit:
        manager = self._sender._txn_manager
        ends = {TopicPartition(*tp): offset.offset for tp, offset in self._offsets.items()}
        return TxnOffsetCommit(
            manager.transactional_id, (manager.producer_id, manager.producer_epoch), self._sender.membership, ends
        )

    def handle_response(self, response: Any) -> Any:
        errors = [(topic, [(number, code) for number, code, _ in rows]) for topic, rows, _ in response.topics]
        for code in {code for _, rows in errors for _, code in rows} - _KNOWN:
            refusal = REFUSALS.get(code)
            self._refuse(Refused(f"Kafka's error code {code}") if refusal is None else NotOurs(refusal))
            return None
        return super().handle_response(_Answer(errors))  # type: ignore[no-untyped-call]

    def _refuse(self, error: Refused) -> None:
        """Tell who sent the offsets. By `error_transaction`, the manager would forget what is to be aborted."""
        pending = self._sender._txn_manager._pending_txn_offsets
        while pending:
            _, _, waiting = pending.popleft()
            waiting.set_exception(error)

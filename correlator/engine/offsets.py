"""Commits offsets in a transaction, in the name of a member of the group. aiokafka names no member, so that the group
could not refuse one that it has replaced.
"""

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

FENCED: Final = 82
"""Kafka's error code where another process has the instance id."""

REFUSALS: Final[Mapping[int, str]] = {
    22: "the group has gone on to another generation (ILLEGAL_GENERATION)",
    25: "the group no longer knows this member (UNKNOWN_MEMBER_ID)",
    27: "the group has begun another generation (REBALANCE_IN_PROGRESS)",
    FENCED: "another process has the instance id (FENCED_INSTANCE_ID)",
}
"""Why the group refuses a member, by Kafka's error code; aiokafka has no name for some of them."""
_KNOWN: Final = frozenset({0, 3, 7, 14, 15, 16, 30, 47, 53})
"""The codes that aiokafka handles: success, errors that pass, a fenced producer, a missing permission."""


class Refused(Exception):
    """The offsets were refused for good. The text says why."""


class NotOurs(Refused):
    """The offsets were refused because the group has given the partitions to others. The text is the group's reason."""


async def commit_in_the_name_of(
    producer: AIOKafkaProducer, membership: Membership, ends: Mapping[TopicPartition, int]
) -> None:
    """Add offsets to the producer's transaction. Raises `NotOurs`, and the producer's errors.

    Also raises `NotOurs` for a membership that was lost before it was noted: the group does not check offsets that name
    no member.
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
    """A response of version 3 in the shape of version 0."""

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
        """Raise the error where the offsets were sent. `error_transaction` would make the manager forget the
        transaction that must be aborted.
        """
        pending = self._sender._txn_manager._pending_txn_offsets
        while pending:
            _, _, waiting = pending.popleft()
            waiting.set_exception(error)

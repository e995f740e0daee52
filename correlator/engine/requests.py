"""Requests that aiokafka 0.14 lacks, or sends in versions that are too old for us."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from correlator.engine.membership import Membership
from correlator.engine.slices import TopicPartition

_STRING = CompactString("utf-8")
_TAGS = ("tags", TaggedFields)
_NO_TAGS: dict[int, bytes] = {}
_NO_METADATA = (-1, "", _NO_TAGS)
"""An offset without the leader's epoch and without metadata."""

ONGOING = "Ongoing"
"""The state of a transaction that is neither being committed nor aborted."""


def _topics(*partition: tuple[str, Any]) -> tuple[str, CompactArray]:
    """A field with topics by name, and with these fields for each of their partitions."""
    partitions = CompactArray(*partition, _TAGS)
    return ("topics", CompactArray(("name", _STRING), ("partitions", partitions), _TAGS))


class _TxnOffsetCommitResponse(Response):
    API_KEY = 28
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        _topics(("partition", Int32), ("error_code", Int16)),
        _TAGS,
    )


class _TxnOffsetCommitRequest(RequestStruct):
    API_KEY = 28
    API_VERSION = 3
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _TxnOffsetCommitResponse
    SCHEMA = Schema(
        ("transactional_id", _STRING),
        ("group_id", _STRING),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", _STRING),
        ("group_instance_id", _STRING),
        _topics(
            ("partition", Int32),
            ("committed_offset", Int64),
            ("committed_leader_epoch", Int32),
            ("committed_metadata", _STRING),
        ),
        _TAGS,
    )


class TxnOffsetCommit(Request[_TxnOffsetCommitRequest]):
    """Offsets that go with a transaction, in the name of a member of the group (v3: KIP-447, brokers since 2.5)."""

    API_KEY = 28

    def __init__(
        self,
        transactional_id: str,
        producer: tuple[int, int],
        membership: Membership,
        offsets: Mapping[TopicPartition, int],
    ) -> None:
        """``producer``: its id and epoch."""
        self._transactional_id, self._producer = transactional_id, producer
        self._membership, self._offsets = membership, offsets

    def build(self, request_struct_class: type[_TxnOffsetCommitRequest]) -> _TxnOffsetCommitRequest:
        group, generation, member, instance = self._membership
        topics = [
            (name, [(number, self._offsets[TopicPartition(name, number)], *_NO_METADATA) for number in its], _NO_TAGS)
            for name, its in by_topic(self._offsets).items()
        ]
        return request_struct_class(
            self._transactional_id, group, *self._producer, generation, member, instance, topics, _NO_TAGS
        )


class _HeartbeatResponse(Response):
    API_KEY = 12
    API_VERSION = 4
    SCHEMA = Schema(("throttle_time_ms", Int32), ("error_code", Int16), _TAGS)


class _HeartbeatRequest(RequestStruct):
    API_KEY = 12
    API_VERSION = 4
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _HeartbeatResponse
    SCHEMA = Schema(
        ("group_id", _STRING),
        ("generation_id", Int32),
        ("member_id", _STRING),
        ("group_instance_id", _STRING),
        _TAGS,
    )


class Heartbeat(Request[_HeartbeatRequest]):
    """A member's heartbeat, with its instance id (v3: KIP-345; v4: brokers since 2.4)."""

    API_KEY = 12

    def __init__(self, membership: Membership) -> None:
        self._membership = membership

    def build(self, request_struct_class: type[_HeartbeatRequest]) -> _HeartbeatRequest:
        return request_struct_class(*self._membership, _NO_TAGS)


class _OffsetFetchResponse(Response):
    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        _topics(
            ("partition", Int32),
            ("committed_offset", Int64),
            ("committed_leader_epoch", Int32),
            ("metadata", _STRING),
            ("error_code", Int16),
        ),
        ("error_code", Int16),
        _TAGS,
    )


class _OffsetFetchRequest(RequestStruct):
    API_KEY = 9
    API_VERSION = 7
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _OffsetFetchResponse
    SCHEMA = Schema(
        ("group_id", _STRING),
        ("topics", CompactArray(("name", _STRING), ("partitions", CompactArray(Int32)), _TAGS)),
        ("require_stable", Boolean),
        _TAGS,
    )


class OffsetFetch(Request[_OffsetFetchRequest]):
    """Committed offsets, refused while a transaction may still change them (v7: KIP-447, brokers since 2.5)."""

    API_KEY = 9

    def __init__(self, group: str, partitions: Collection[TopicPartition]) -> None:
        self._group, self._partitions = group, partitions

    def build(self, request_struct_class: type[_OffsetFetchRequest]) -> _OffsetFetchRequest:
        topics = [(name, its, _NO_TAGS) for name, its in by_topic(self._partitions).items()]
        return request_struct_class(self._group, topics, True, _NO_TAGS)


class _ListTransactionsResponse(Response):
    API_KEY = 66
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("unknown_state_filters", CompactArray(_STRING)),
        (
            "transactions",
            CompactArray(("transactional_id", _STRING), ("producer_id", Int64), ("state", _STRING), _TAGS),
        ),
        _TAGS,
    )


class _ListTransactionsRequest(RequestStruct):
    API_KEY = 66
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _ListTransactionsResponse
    SCHEMA = Schema(
        ("state_filters", CompactArray(_STRING)),
        ("producer_id_filters", CompactArray(Int64)),
        _TAGS,
    )


class ListTransactions(Request[_ListTransactionsRequest]):
    """The transactions that a broker coordinates and that are `ONGOING` (v0: KIP-664, brokers since 3.0)."""

    API_KEY = 66

    def build(self, request_struct_class: type[_ListTransactionsRequest]) -> _ListTransactionsRequest:
        return request_struct_class([ONGOING], [], _NO_TAGS)


def by_topic(partitions: Iterable[TopicPartition]) -> Mapping[str, Sequence[int]]:
    """The numbers of partitions, by the name of their topic."""
    topics: dict[str, list[int]] = {}
    for name, number in partitions:
        topics.setdefault(name, []).append(number)
    return topics

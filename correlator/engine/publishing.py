"""Publishing: transactions, one at a time, fenced against other processes."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import aiokafka
from aiokafka.errors import KafkaError, TransactionalIdAuthorizationFailed

from correlator.engine.impatient import make_impatient
from correlator.engine.slices import Changes, Headers, Message, TopicPartition, Transaction

Row = tuple[bytes | None, bytes | None, Headers]
"""Key, value and headers of a message."""

MAX_BATCH = 1 << 20
"""The most bytes of a record batch: roughly the largest that brokers accept by default."""


OVERHEAD = 1 << 10
"""Bytes to keep free of what a topic takes, for the batch around a record and its headers."""


class NotPermitted(Exception):
    """The broker does not allow us a transactional id. The text says which."""


class Offsets(NamedTuple):
    """How far a group has read a partition."""

    group: str
    input: TopicPartition
    end: int


class Entries(NamedTuple):
    """Changes of a table, and the partition of its changelog."""

    changelog: TopicPartition
    changes: Changes


class Producer:
    """Publishes in transactions under a transactional id, which only one process has at a time."""

    def __init__(
        self, id_: str, client: Mapping[str, Any], *, timeout: float, max_batch: int, permission: str = "it"
    ) -> None:
        """``client``: aiokafka's connection settings. ``timeout``: seconds after which the broker aborts a
        transaction. ``max_batch``: bytes of a record batch; a single record may be larger. ``permission``: what to
        allow WRITE on, in words, where the id is not permitted.
        """
        self._id, self._permission = id_, permission
        self._producer = aiokafka.AIOKafkaProducer(
            **client,
            transactional_id=self._id,
            transaction_timeout_ms=int(timeout * 1000),
            max_batch_size=max_batch,
            acks="all",
        )
        make_impatient(self._producer.client)

    async def start(self) -> None:
        """Fence the id's previous owner; returns when its open transaction, if any, has ended.

        Raises `NotPermitted`, and aiokafka's errors.
        """
        try:
            await self._producer.start()
        except TransactionalIdAuthorizationFailed:
            raise NotPermitted(
                f"no permission for the transactional id {self._id}: allow WRITE on {self._permission}"
            ) from None

    async def stop(self) -> None:
        """Close the connections."""
        await self._producer.stop()

    async def abandon(self) -> None:
        """Close the connections, whatever has become of them: nothing more is sent, nothing waited for."""
        producer = self._producer
        producer._closed = True
        if producer._sender is not None:
            with suppress(KafkaError):
                await producer._sender.close()
        await producer.client.close()

    async def commit(
        self, messages: Iterable[Message], entries: Entries | None = None, offsets: Offsets | None = None
    ) -> int | None:
        """Commit a transaction.

        Returns the changelog offset of its last change, or None if it has none. Raises whatever went wrong; the outcome
        of the transaction is then unknown and whoever has the id next settles it by its `start`.
        """
        producer = self._producer
        await producer.begin_transaction()
        changed: list[Awaitable[int]] = []
        if entries is not None:
            rows: Iterable[Row] = [(key, value, []) for key, value in entries.changes.items()]
            changed = await self._send(entries.changelog, rows)
        sent = [batch for to, rows in _by_partition(messages) for batch in await self._send(to, rows)]
        # Await every delivery first: aiokafka commits a transaction even if some of its batches failed. And the broker
        # refuses offsets for a moment while batches are in flight (NotEnoughReplicas, retried after 100 ms).
        delivered = await asyncio.gather(*changed, *sent)
        if offsets is not None:
            ends = {aiokafka.TopicPartition(*offsets.input): offsets.end}
            await producer.send_offsets_to_transaction(ends, offsets.group)
        await producer.commit_transaction()
        return max(delivered[: len(changed)], default=None)

    async def _send(self, to: TopicPartition, rows: Iterable[Row]) -> list[Awaitable[int]]:
        """Send rows in whole batches, at a tenth of the cost of ``send`` for each row. Returns an awaitable for each
        batch: its delivery, with the offset of its last row.
        """
        batches: list[Awaitable[int]] = []
        batch = self._producer.create_batch()
        append = batch.append
        for key, value, headers in rows:
            if append(timestamp=None, key=key, value=value, headers=headers) is None:
                batches.append(await self._dispatch(batch, to))
                batch = self._producer.create_batch()
                append = batch.append
                append(timestamp=None, key=key, value=value, headers=headers)  # the first row always fits
        if batch.record_count():
            batches.append(await self._dispatch(batch, to))
        return batches

    async def _dispatch(self, batch: Any, to: TopicPartition) -> Awaitable[int]:
        batch.close()
        delivery = await self._producer.send_batch(batch, to.topic, partition=to.partition)

        async def last_offset() -> int:
            first: int = (await delivery).offset
            return first + int(batch.record_count()) - 1

        return last_offset()


class Publisher(Producer):
    """The transactional producer of one input partition.

    The transactional id belongs to the partition, not to the process: aiokafka commits offsets (TxnOffsetCommit v0)
    without naming the group's member, so only a shared id fences the previous owner of a partition (see KIP-447).
    """

    def __init__(
        self, input_: TopicPartition, group: str, client: Mapping[str, Any], *, timeout: float, max_batch: int
    ) -> None:
        """See `Producer`."""
        id_, permission = f"{group}-{input_.topic}-{input_.partition}", f"the prefix {group}-"
        super().__init__(id_, client, timeout=timeout, max_batch=max_batch, permission=permission)
        self._input, self._group = input_, group

    async def publish(self, transaction: Transaction, changelog: TopicPartition | None) -> int | None:
        """Commit what a stage made of a slice: see `commit`. This process must end where it raises."""
        entries = None if changelog is None else Entries(changelog, transaction.changes)
        return await self.commit(transaction.messages, entries, Offsets(self._group, self._input, transaction.end))


def _by_partition(messages: Iterable[Message]) -> Iterator[tuple[TopicPartition, list[Row]]]:
    rows: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for topic, partition, key, value, headers in messages:
        rows[topic, partition].append((key, value, headers))
    return ((TopicPartition(*to), its) for to, its in rows.items())

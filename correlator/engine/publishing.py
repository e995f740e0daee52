"""Publishing: a partition's transactions, one at a time, and the fence that keeps any other process out."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from typing import Any

import aiokafka
from aiokafka.errors import TransactionalIdAuthorizationFailed

from correlator.engine.impatient import make_impatient
from correlator.engine.slices import Headers, Message, TopicPartition, Transaction

Row = tuple[str, int, bytes | None, bytes | None, Headers]
"""A message, without its class: making that costs more than all else that is done with it here."""

MAX_BATCH = 1 << 20
"""Bytes of a record batch, at most: about a broker's default for the largest that it takes."""


class NotPermitted(Exception):
    """The broker does not let us write under a partition's transactional id. The text says which."""


class Publisher:
    """The transactional producer of one input partition.

    One id a *partition*, not a process: the client that Kafka's protocol gives us (TxnOffsetCommit v0) knows no group
    members, so the fence between two owners of a partition is the id (KIP-447 tells the story).
    """

    def __init__(
        self, input_: TopicPartition, group: str, client: Mapping[str, Any], *, timeout: float, max_batch: int
    ) -> None:
        """``client``: aiokafka's connection settings. ``timeout``: seconds after which the broker aborts a
        transaction. ``max_batch``: bytes of a record batch; a single record may be larger.
        """
        self._input, self._group = input_, group
        self._id = f"{group}-{input_.topic}-{input_.partition}"
        self._producer = aiokafka.AIOKafkaProducer(
            **client,
            transactional_id=self._id,
            transaction_timeout_ms=int(timeout * 1000),
            max_batch_size=max_batch,
            acks="all",
        )
        make_impatient(self._producer.client)

    async def start(self) -> None:
        """Fence the partition's owner before us; returns when its open transaction, if any, has ended.

        Raises `NotPermitted`, and aiokafka's errors.
        """
        try:
            await self._producer.start()
        except TransactionalIdAuthorizationFailed:
            raise NotPermitted(
                f"no permission for the transactional id {self._id}: allow WRITE on the prefix {self._group}-"
            ) from None

    async def stop(self) -> None:
        """Close the connections."""
        await self._producer.stop()

    async def publish(self, transaction: Transaction, changelog: TopicPartition | None) -> int | None:
        """Make a transaction durable.

        Returns the changelog offset of its last change, or None where it has none. Raises whatever went wrong; what
        became of the transaction is then unknown, and this process must end (a successor's start settles it).
        """
        producer = self._producer
        await producer.begin_transaction()
        changed: list[Awaitable[int]] = []
        if changelog is not None:
            changed = await self._send(
                changelog, ((*changelog, key, value, []) for key, value in transaction.changes.items())
            )
        sent = [batch for to, rows in _by_partition(transaction.messages) for batch in await self._send(to, rows)]
        # aiokafka commits a transaction whose batches failed: every delivery must be looked at first. And offsets sent
        # while batches are under way are refused by the broker for a moment (NotEnoughReplicas, 100 ms a retry).
        delivered = await asyncio.gather(*changed, *sent)
        offsets = {aiokafka.TopicPartition(*self._input): transaction.end}
        await producer.send_offsets_to_transaction(offsets, self._group)
        await producer.commit_transaction()
        return max(delivered[: len(changed)], default=None)

    async def _send(self, to: TopicPartition, rows: Iterable[Row]) -> list[Awaitable[int]]:
        """Put rows under way as whole batches: a tenth of the price of ``send`` a row. Each gives the offset of its
        last row.
        """
        batches: list[Awaitable[int]] = []
        batch = self._producer.create_batch()
        for _, _, key, value, headers in rows:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                batches.append(await self._dispatch(batch, to))
                batch = self._producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)  # the first row always fits
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


def _by_partition(messages: Iterable[Message]) -> Iterator[tuple[TopicPartition, list[Row]]]:
    rows: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for message in messages:
        rows[message[:2]].append(message)
    return ((TopicPartition(*to), its) for to, its in rows.items())

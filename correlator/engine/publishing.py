"""Publishing: transactions, one at a time, fenced against other processes."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import aiokafka
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, TransactionalIdAuthorizationFailed

from correlator.engine.impatient import make_impatient, unanswered
from correlator.engine.membership import Membership
from correlator.engine.offsets import Refused, commit_in_the_name_of
from correlator.engine.renewing import renew
from correlator.engine.slices import Changes, Headers, Message, TopicPartition

Row = tuple[bytes | None, bytes | None, Headers]
"""Key, value and headers of a message."""

MAX_BATCH = 1 << 20
"""The most bytes of a record batch: roughly the largest that brokers accept by default."""
OVERHEAD = 1 << 10
"""Bytes to keep free below a topic's limit, for the batch around a record and its headers."""

RENEW_AFTER = 3600.0
"""Seconds without a transaction after which the producer's id is renewed: brokers forget an unused one after a week."""
ABORT_TIMEOUT = 3.0
"""Seconds that aborting a refused transaction may take."""


class NotPermitted(Exception):
    """The broker does not allow us a transactional id. The text says which."""


class Offsets(NamedTuple):
    """The offsets up to which partitions are processed, and the member of the group that commits them."""

    membership: Membership
    ends: Mapping[TopicPartition, int]


class Entries(NamedTuple):
    """Changes of a table, and the partition of its changelog that they go to."""

    changelog: TopicPartition
    changes: Changes


class Producer:
    """Publishes in transactions under a transactional id, which only one process has at a time."""

    def __init__(
        self, id_: str, client: Mapping[str, Any], *, timeout: float, max_batch: int, permission: str = "it"
    ) -> None:
        """``client``: aiokafka's connection settings. ``timeout``: seconds after which the broker aborts a
        transaction. ``max_batch``: bytes of a record batch; a single record may be larger. ``permission``: the words
        for what WRITE must be allowed on, for the error if the id is not permitted.
        """
        self._id, self._permission = id_, permission
        self._producer = aiokafka.AIOKafkaProducer(
            **client,
            client_id=id_,
            transactional_id=id_,
            transaction_timeout_ms=int(timeout * 1000),
            max_batch_size=max_batch,
            acks="all",
        )
        make_impatient(self._producer.client)
        self._unanswered, self._used = 0, time.monotonic()

    @property
    def client(self) -> AIOKafkaClient:
        """The client with the producer's connections."""
        return self._producer.client

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
        """Close the connections without sending or waiting for anything more."""
        producer = self._producer
        producer._closed = True
        if producer._sender is not None:
            with suppress(KafkaError):
                await producer._sender.close()
        await producer.client.close()

    async def commit(
        self, messages: Iterable[Message], entries: Iterable[Entries] = (), offsets: Offsets | None = None
    ) -> Mapping[TopicPartition, int]:
        """Commit a transaction. Without ``offsets``, its id alone fences it.

        Returns for each changelog the offset of its last change. Raises whatever went wrong; the outcome of the
        transaction is then unknown and whoever has the id next settles it by its `start`.
        """
        producer = self._producer
        asked, now = unanswered(producer.client), time.monotonic()
        # A request without an answer may still arrive, in the middle of this transaction. Brokers forget an unused id.
        if asked != self._unanswered or now > self._used + RENEW_AFTER:
            await renew(producer)
            self._unanswered = asked
        self._used = now
        await producer.begin_transaction()
        changed: dict[TopicPartition, list[Awaitable[int]]] = {}
        for changelog, changes in entries:
            rows: Iterable[Row] = [(key, value, []) for key, value in changes.items()]
            changed[changelog] = await self._send(changelog, rows)
        sent = [batch for to, rows in _by_partition(messages) for batch in await self._send(to, rows)]
        # Await every delivery first: aiokafka commits a transaction even if some of its batches failed. And the broker
        # refuses offsets for a moment while batches are in flight (NotEnoughReplicas, retried after 100 ms).
        delivered = await asyncio.gather(*(batch for its in changed.values() for batch in its), *sent)
        if offsets is not None:
            try:
                await commit_in_the_name_of(producer, offsets.membership, offsets.ends)
            except Refused:
                await self._abort()
                raise
        await producer.commit_transaction()
        last, several = dict[TopicPartition, int](), iter(delivered)
        for changelog, batches in changed.items():
            last[changelog] = max(offset for _, offset in zip(batches, several, strict=False))
        return last

    async def _abort(self) -> None:
        """Try to abort a refused transaction: it would hold back readers until its timeout, as no successor ends it."""
        with suppress(Exception):
            async with asyncio.timeout(ABORT_TIMEOUT):
                await self._producer.abort_transaction()

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


def _by_partition(messages: Iterable[Message]) -> Iterator[tuple[TopicPartition, list[Row]]]:
    rows: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for topic, partition, key, value, headers in messages:
        rows[topic, partition].append((key, value, headers))
    return ((TopicPartition(*to), its) for to, its in rows.items())

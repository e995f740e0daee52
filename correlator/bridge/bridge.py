"""The bridge: receives events and publishes them, from where it left off, until it is stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka.errors import KafkaError, ProducerFenced

from correlator.bridge.api import Api
from correlator.bridge.backoff import Backoff
from correlator.bridge.hearing import Hearing
from correlator.bridge.outbox import Outbox
from correlator.bridge.position import Position, Swept, UnreadablePosition
from correlator.bridge.publishing import Committed, Publisher, Topics
from correlator.bridge.recovering import records
from correlator.bridge.sweeping import Sweeper
from correlator.bridge.times import RETENTION, written
from correlator.engine import MAX_BATCH, NotPermitted, Producer, Sign, describe
from correlator.moments import Moment, Span
from correlator.topics import Room, TopicsError

TRANSACTION_TIMEOUT: Final = 60.0
"""Seconds that a transaction may take. A bridge that takes over ends its predecessor's at once."""

_TRANSIENT: Final = (KafkaError, TopicsError)

_log = logging.getLogger(__name__)


class Superseded(Exception):
    """Another bridge has taken over. The text is a sentence."""


class Options(NamedTuple):
    """How the bridge runs. Times are in seconds, except spans."""

    app_id: str
    client: Mapping[str, Any]
    """Connection settings of aiokafka's clients."""
    events: str
    """The topic that events are published to."""
    position: str
    """The topic that holds the position; its name is also the transactional id."""
    prepare: Callable[[], Awaitable[Room]]
    """Makes sure that both topics exist; raises `TopicsError`."""
    since: Moment | None
    """Where to begin at the very first start; None for the time of that start."""
    window: Span
    """How long after it occurred an event may reach the server."""
    every: float
    """The time between two sweeps."""


class Bridge:
    """Publishes the events of a server's API to the topic."""

    def __init__(
        self, api: Api, options: Options, on_commit: Callable[[Committed], object], stopping: Callable[[], bool]
    ) -> None:
        """``on_commit`` is called with every transaction that is committed. ``stopping`` says whether we are being
        cancelled: before Python 3.13, a task group that fails at that moment forgets it.
        """
        self._api, self._options, self._on_commit, self._stopping = api, options, on_commit, stopping
        self._outbox = Outbox()
        self._publisher: Publisher | None = None
        self._commits = 0
        self.hearing = Hearing(api, options.every)

    @property
    def ready(self) -> bool:
        """Whether the position is recovered, and the server has answered."""
        return self._publisher is not None and self._api.answers > 0

    def signs(self) -> dict[str, Sign]:
        """The sign of progress at Kafka."""
        return {"Kafka": Sign(self._commits, at_rest=self._publisher is not None and not self._outbox.waits)}

    async def run(self) -> None:
        """Run until cancelled. If Kafka goes away, start again, once it is back, from what it holds.

        Raises `TopicsError` and aiokafka's errors if it could not start at all; `Superseded`, `NotPermitted` and
        `UnreadablePosition` at any time.
        """
        backoff = Backoff()
        room: Room | None = await self._options.prepare()
        while True:
            try:
                room = room or await self._options.prepare()
                await self._run(room, backoff)
            except Exception as error:  # noqa: BLE001 - of several at once, the most serious one is raised
                self._survive(_most_serious(error))
            finally:
                self._publisher, room = None, None
            backoff.failed()
            await asyncio.sleep(backoff.next())

    def _survive(self, error: BaseException) -> None:
        """Return if Kafka failed, so that the bridge starts again, since nobody knows what Kafka has taken; else raise.

        Kafka ends a transaction that takes too long with the error that it gives a bridge whose place another has
        taken.
        """
        if self._stopping():
            raise asyncio.CancelledError
        late = self._publisher is not None and self._publisher.takes >= TRANSACTION_TIMEOUT
        if isinstance(error, ProducerFenced) and not late:
            raise Superseded(
                f"Another bridge runs under the app id {self._options.app_id} and has taken over, so this one ends:"
                " run only one."
            ) from None
        if not isinstance(error, _TRANSIENT):
            raise error
        _log.error("Kafka failed, so the bridge starts again: %s", describe(error))

    async def _run(self, room: Room, backoff: Backoff) -> None:
        options = self._options
        batch = min(MAX_BATCH, room.max_message_bytes)
        producer = Producer(options.position, options.client, timeout=TRANSACTION_TIMEOUT, max_batch=batch)
        try:
            await self._start(producer)
            position = await self._position()
            self._outbox = Outbox()
            topics = Topics(options.events, room, options.position)
            self._publisher = publisher = Publisher(producer, position, self._outbox, topics, self._count)
            if position.read_to == position.floor:
                await publisher.publish([Swept(position.read_to, {})])  # records for good where it began
            backoff.working()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(publisher.run())
                tasks.create_task(self.hearing.run(Sweeper(self._api, position, self._outbox), self._outbox))
        finally:
            await producer.abandon()

    async def _start(self, producer: Producer) -> None:
        try:
            await producer.start()
        except NotPermitted:
            raise NotPermitted(
                f"No permission for WRITE on the transactional id {self._options.position}: grant it, as `correlator"
                " topics acls --bridge` shows."
            ) from None

    async def _position(self) -> Position:
        options = self._options
        kept = await records(options.position, options.client)
        try:
            found = Position.recovered(kept, options.window)
        except UnreadablePosition as reason:
            raise UnreadablePosition(
                f"The position in {options.position} cannot be read ({reason}): go back to the release that wrote it,"
                " or delete the topic to start afresh."
            ) from None
        if found is None:
            start = self._api.now if options.since is None else options.since
            _log.info("begins with events that occur from %s on", written(start))
            return Position(start, options.window)
        ignored = "" if options.since is None else "; CORRELATOR_BRIDGE_SINCE is for the very first start"
        _log.info("continues from %s%s", written(found.read_to), ignored)
        if self._api.now - found.read_to > RETENTION:
            _log.warning(
                "The bridge was away for more than 7 days. Events that the server has deleted meanwhile are missing:"
                " it keeps them for its PREFECT_SERVER_EVENTS_RETENTION_PERIOD, by default 7 days."
            )
        return found

    def _count(self, committed: Committed) -> None:
        self._commits += 1
        self._on_commit(committed)


def _most_serious(error: BaseException) -> BaseException:
    """The most serious of errors that came together: one that must end the bridge, if there is one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inside = map(_most_serious, error.exceptions)
    return min(inside, key=lambda it: (not isinstance(it, ProducerFenced), isinstance(it, _TRANSIENT)))

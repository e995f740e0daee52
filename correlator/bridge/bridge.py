"""The bridge: hears and publishes, from where it left off, until it is told to stop."""

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
"""Seconds that a transaction may take. A bridge that takes over ends that of the one before at once."""

_TRANSIENT: Final = (KafkaError, TopicsError)

_log = logging.getLogger(__name__)


class Superseded(Exception):
    """Another bridge has taken over. The text is a sentence."""


class Options(NamedTuple):
    """How the bridge runs. Times in seconds, but for spans."""

    app_id: str
    client: Mapping[str, Any]
    """Connection settings of aiokafka's clients."""
    events: str
    """The topic that events go to."""
    position: str
    """The topic that the position is in; also the transactional id."""
    prepare: Callable[[], Awaitable[Room]]
    """Sees to it that both are there; raises `TopicsError`."""
    since: Moment | None
    """Where the first start begins; None for then."""
    window: Span
    """How long after it occurred an event may reach the server."""
    every: float
    """Time between two sweeps."""


class Bridge:
    """From a server's API to the topic."""

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
        """By what progress shows at Kafka."""
        return {"Kafka": Sign(self._commits, at_rest=self._publisher is not None and not self._outbox.waits)}

    async def run(self) -> None:
        """Run until cancelled. Where Kafka goes away, begin anew from what it holds, once it is back.

        Raises `TopicsError` and aiokafka's errors, where it could not begin at all; `Superseded`, `NotPermitted`,
        `UnreadablePosition`.
        """
        backoff = Backoff()
        room: Room | None = await self._options.prepare()
        while True:
            try:
                room = room or await self._options.prepare()
                await self._run(room, backoff)
            except Exception as error:  # noqa: BLE001 - of several at once, the one that counts is raised
                self._survive(_most_serious(error))
            finally:
                self._publisher, room = None, None
            backoff.failed()
            await asyncio.sleep(backoff.next())

    def _survive(self, error: BaseException) -> None:
        """Where Kafka fails, begin anew: who knows what it has taken. It ends a transaction that takes too long as if
        another bridge had taken over.
        """
        if self._stopping():
            raise asyncio.CancelledError
        late = self._publisher is not None and self._publisher.takes >= TRANSACTION_TIMEOUT
        if isinstance(error, ProducerFenced) and not late:
            raise Superseded(
                f"Another bridge runs under the app id {self._options.app_id} and has taken over, so this one ends:"
                " one is enough."
            ) from None
        if not isinstance(error, _TRANSIENT):
            raise error
        _log.error("Kafka failed, so the bridge begins anew: %s", describe(error))

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
                await publisher.publish([Swept(position.read_to, {})])  # where it begins, for good
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
                f"No permission for WRITE on the transactional id {self._options.position}: allow it, as `correlator"
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
                " or delete the topic to begin anew."
            ) from None
        if found is None:
            start = self._api.now if options.since is None else options.since
            _log.info("begins with what occurs from %s on", written(start))
            return Position(start, options.window)
        ignored = "" if options.since is None else "; where it was told to begin is for its very first start"
        _log.info("goes on from %s%s", written(found.read_to), ignored)
        if self._api.now - found.read_to > RETENTION:
            _log.warning(
                "It was away for more than 7 days: what the server has deleted meanwhile is missing, that is, what is"
                " older than its PREFECT_SERVER_EVENTS_RETENTION_PERIOD, 7 days by default."
            )
        return found

    def _count(self, committed: Committed) -> None:
        self._commits += 1
        self._on_commit(committed)


def _most_serious(error: BaseException) -> BaseException:
    """Of errors that came together, one that must end the bridge, if there is one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inside = map(_most_serious, error.exceptions)
    return min(inside, key=lambda it: (not isinstance(it, ProducerFenced), isinstance(it, _TRANSIENT)))

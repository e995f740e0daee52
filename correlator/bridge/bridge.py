"""The bridge: sweeps, listens and publishes, from where it left off, until it is told to stop."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced

from correlator.bridge.api import Api, written
from correlator.bridge.hearing import Hearing
from correlator.bridge.outbox import Outbox
from correlator.bridge.patience import Patience
from correlator.bridge.position import Position, Swept, UnreadablePosition
from correlator.bridge.publishing import Done, Publisher, Topics
from correlator.bridge.recovering import records
from correlator.bridge.sweeping import Sweeper
from correlator.engine import MAX_BATCH, Producer, Sign, describe
from correlator.moments import DAY, Moment, Span

TRANSACTION: Final = 60.0
"""Seconds that a transaction may take. A bridge that takes over ends that of the one before at once."""

STOPPING: Final = 5.0
"""Seconds that a producer may take to stop: a broker that hangs would hold it up."""

KEPT: Final = 7 * DAY
"""How long Prefect's server keeps events, by default."""

_FENCED: Final = (ProducerFenced, InvalidProducerEpoch)
_PASSING: Final = (KafkaError, OSError, TimeoutError)

_log = logging.getLogger(__name__)


class Superseded(Exception):
    """Another bridge has taken over. The text is a sentence."""


class Options(NamedTuple):
    """How the bridge runs. Times in seconds, but for spans."""

    app_id: str
    client: Mapping[str, Any]
    """Connection settings of aiokafka's clients."""
    topics: Topics
    since: Moment | None
    """Where the first start begins; None for then."""
    window: Span
    """How long after it occurred an event may reach the server."""
    every: float
    """Time between two sweeps."""


class Bridge:
    """From a server's API to the topic."""

    def __init__(self, api: Api, options: Options, done: Callable[[Done], object]) -> None:
        """``done`` is told of every transaction that is committed."""
        self._api, self._options, self._done = api, options, done
        self._outbox = Outbox()
        self._publisher: Publisher | None = None
        self.hearing = Hearing(api, options.every)

    @property
    def ready(self) -> bool:
        """Whether the position is recovered, and the server has answered."""
        return self._publisher is not None and self._api.answers > 0

    def signs(self) -> dict[str, Sign]:
        """By what progress shows at Kafka."""
        if self._publisher is None:
            return {"Kafka": Sign("recovering")}
        return {"Kafka": Sign((id(self._publisher), self._publisher.steps), at_rest=not self._outbox.waits)}

    async def run(self) -> None:
        """Run until cancelled. Where Kafka goes away, begin anew from what it holds, once it is back.

        Raises `Superseded`, `NotPermitted`, `UnreadablePosition`.
        """
        patience = Patience()
        while True:
            try:
                await self._run(patience)
            except Exception as error:  # noqa: BLE001 - of several at once, the one that counts is raised
                self._survive(_weightiest(error))
            finally:
                self._publisher = None
            await asyncio.sleep(patience.next())

    def _survive(self, error: BaseException) -> None:
        """Where Kafka does not answer, begin anew: who knows what it has taken. Kafka ends a transaction that takes too
        long as if another bridge had taken over.
        """
        late = self._publisher is not None and self._publisher.takes >= TRANSACTION
        if isinstance(error, _FENCED) and not late:
            raise Superseded(
                f"Another bridge runs under the app id {self._options.app_id} and has taken over, so this one ends:"
                " one is enough."
            ) from None
        if not isinstance(error, _PASSING):
            raise error
        _log.error("Kafka does not take what there is, so the bridge begins anew: %s", describe(error))

    async def _run(self, patience: Patience) -> None:
        options = self._options
        batch = min(MAX_BATCH, options.topics.room.max_message_bytes)
        producer = Producer(options.topics.position, options.client, timeout=TRANSACTION, max_batch=batch)
        await producer.start()
        try:
            position = await self._position()
            self._outbox = Outbox()
            publisher = Publisher(producer, position, self._outbox, options.topics, self._done)
            if position.read_to == position.floor:
                await publisher.publish([Swept(position.read_to, {})])  # where it begins, for good
            self._publisher = publisher
            patience.over()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(publisher.run())
                tasks.create_task(self.hearing.run(Sweeper(self._api, position, self._outbox), self._outbox))
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOPPING):
                    await producer.stop()

    async def _position(self) -> Position:
        options = self._options
        kept = await records(options.topics.position, options.client)
        try:
            found = Position.recovered(kept, options.window)
        except UnreadablePosition as reason:
            raise UnreadablePosition(
                f"The position in {options.topics.position} cannot be read ({reason}): go back to the release that"
                " wrote it, or delete the topic to begin anew."
            ) from None
        if found is None:
            start = self._api.now if options.since is None else options.since
            _log.info("begins with what occurs from %s on", written(start))
            return Position(start, options.window)
        ignored = "" if options.since is None else "; where it was told to begin is for its very first start"
        _log.info("goes on from %s%s", written(found.read_to), ignored)
        if self._api.now - found.read_to > KEPT:
            _log.warning(
                "It was away for more than 7 days: what the server has deleted meanwhile is missing, that is, what is"
                " older than its PREFECT_SERVER_EVENTS_RETENTION_PERIOD, 7 days by default."
            )
        return found


def _weightiest(error: BaseException) -> BaseException:
    """Of errors that came together, one that must end the bridge, if there is one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    return min(
        map(_weightiest, error.exceptions), key=lambda it: (not isinstance(it, _FENCED), isinstance(it, _PASSING))
    )

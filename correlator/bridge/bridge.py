"""The bridge: sweeps, listens and publishes, from where it left off, until it is told to stop."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced

from correlator.bridge.api import Api
from correlator.bridge.failures import Failure
from correlator.bridge.live import listening
from correlator.bridge.outbox import Heard, Outbox, Way
from correlator.bridge.patience import Patience
from correlator.bridge.position import Position, Swept
from correlator.bridge.publishing import Done, Publisher, Topics
from correlator.bridge.recovering import records
from correlator.bridge.sweeping import Sweeper
from correlator.engine import MAX_BATCH, Producer, Sign, describe
from correlator.moments import Moment, Span

TRANSACTION: Final = 60.0
"""Seconds that a transaction may take. A bridge that takes over ends that of the one before at once."""

SOON: Final = (1.0, 15.0)
"""Seconds from when we listen until a sweep finds what came between the last one and then, and until another finds what
of it the server had not stored yet."""

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
        self._sweeper: Sweeper | None = None
        self.live = False
        """Whether it listens."""
        self.reconnects = 0
        """How often it had to listen again."""

    @property
    def ready(self) -> bool:
        """Whether the position is recovered, and the server has answered."""
        return self._publisher is not None and self._api.answers > 0

    @property
    def to_read(self) -> int:
        """How many events the sweep at hand must still read."""
        return 0 if self._sweeper is None else self._sweeper.to_read

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
                self._publisher = self._sweeper = None
                self.live = False
            await asyncio.sleep(patience.next())

    def _survive(self, error: BaseException) -> None:
        """Where Kafka does not answer, begin anew: who knows what it has taken."""
        if isinstance(error, _FENCED):
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
            self._publisher, self._sweeper = publisher, Sweeper(self._api, position, self._outbox)
            patience.over()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(publisher.run())
                tasks.create_task(self._sweep_and_listen(self._sweeper))
        finally:
            await producer.stop()

    async def _position(self) -> Position:
        options = self._options
        found = Position.recovered(await records(options.topics.position, options.client), options.window)
        if found is not None:
            _log.info("goes on where it left off")
            return found
        start = self._api.now if options.since is None else options.since
        return Position(start, options.window)

    async def _sweep_and_listen(self, sweeper: Sweeper) -> None:
        """Read what is there first: a run's start must not come long after its end."""
        await sweeper.sweep(Way.SWEPT)
        _log.info("has read what there was, and listens")
        sooner = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sweep_on(sweeper, sooner))
            tasks.create_task(self._listen_on(sooner))

    async def _sweep_on(self, sweeper: Sweeper, sooner: asyncio.Event) -> None:
        while True:
            try:
                async with asyncio.timeout(self._options.every):
                    await sooner.wait()
            except TimeoutError:
                await sweeper.sweep(Way.RECONCILED)
                continue
            sooner.clear()
            for seconds in SOON:
                await asyncio.sleep(seconds)
                await sweeper.sweep(Way.RECONCILED)

    async def _listen_on(self, sooner: asyncio.Event) -> None:
        patience = Patience()
        while True:
            try:
                async with listening(self._api) as live:
                    self.live = True
                    patience.over()
                    sooner.set()
                    async for event in live.events():
                        await self._outbox.put(Heard([event], Way.LIVE))
            except Failure as failure:
                if self.live:
                    _log.warning("%s It is listened to again.", failure)
                else:
                    _log.debug("%s", failure)
                self.live = False
                self.reconnects += 1
                await asyncio.sleep(patience.next(failure.after))


def _weightiest(error: BaseException) -> BaseException:
    """Of errors that came together, one that must end the bridge, if there is one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    return min(
        map(_weightiest, error.exceptions), key=lambda it: (not isinstance(it, _FENCED), isinstance(it, _PASSING))
    )

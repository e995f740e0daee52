"""``correlator bridge``: brings a Prefect server's events to the raw topic, until SIGTERM or Ctrl-C."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, NamedTuple

import uvloop
from aiokafka.errors import KafkaError

from correlator.bridge.api import PAGE_SIZE, Api
from correlator.bridge.bridge import Bridge, Options
from correlator.bridge.metrics import Metrics, State
from correlator.bridge.server import Server, server_of
from correlator.bridge.times import Interval
from correlator.client import client_of
from correlator.clock import steady_clock
from correlator.commands import logs
from correlator.engine import STOP_SIGNALS, Progress, Sign, Standstill, Watchdog, die, seams
from correlator.moments import moment_of, span_of
from correlator.settings import Settings
from correlator.topics import prepare_for_bridge
from correlator.web import serving

CHECK_EVERY: Final = 2.0
"""Seconds between two checks of progress."""

log = logging.getLogger(__name__)


def start(settings: Settings) -> None:
    """Run the bridge. Raises `Failure` if the server refuses it, `TopicsError` if the topics do not allow it,
    `Superseded` if another bridge takes over, `TakenAway` and `SettingsError`.
    """
    seams.check()
    server = server_of(settings, os.environ)
    logs.configure(settings.log_level)
    uvloop.run(_until_stopped(settings, server))


async def _until_stopped(settings: Settings, server: Server) -> None:
    """Run until a signal. Events that are not committed by then are read again after the next start."""
    loop, stopping, metrics = asyncio.get_running_loop(), asyncio.Event(), Metrics(wall_clock=steady_clock())
    loop.set_exception_handler(_unheard)
    running = asyncio.ensure_future(_run(settings, server, metrics, stopping.is_set))

    def stop() -> None:
        stopping.set()
        running.cancel()

    for signal in STOP_SIGNALS:
        loop.add_signal_handler(signal, stop)
    with suppress(asyncio.CancelledError):
        await running
    log.info("stopped: %s published", f"{metrics.published:,} events" if metrics.published else "nothing was")


async def _run(settings: Settings, server: Server, metrics: Metrics, stopping: Callable[[], bool]) -> None:
    async with Api(server, settings.bridge_events) as api:
        await api.page(Interval(api.now), limit=0)  # the server answers, and is Prefect's
        bridge = Bridge(api, _options(settings), metrics.add, stopping)
        log.info("%s publishes the events of %s to %s", settings.app_id, api.server.url, settings.topic_events)
        async with _watched(settings, api, bridge, metrics):
            await bridge.run()


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Drop Kafka errors that nobody awaited: aiokafka sets an error on dozens of futures, and we await one of them."""
    if not isinstance(context.get("exception"), KafkaError):
        loop.default_exception_handler(context)


class _Condition(NamedTuple):
    ready: bool
    standstill: Standstill


@asynccontextmanager
async def _watched(settings: Settings, api: Api, bridge: Bridge, metrics: Metrics) -> AsyncIterator[None]:
    """Watch progress, and serve health and metrics, for the length of the block. If Kafka accepts nothing, the process
    ends, as another start may do better; if the Prefect server is away, it goes on.
    """
    progress = Progress(2 * CHECK_EVERY)
    watchdog = Watchdog(bridge.signs, limit=settings.stall_limit.total_seconds(), fail=die)

    async def look() -> None:
        while True:
            signs = bridge.signs() | {api.server.url: Sign(api.answers, at_rest=not api.waits)}
            progress.look(signs, time.monotonic())
            await asyncio.sleep(CHECK_EVERY)

    def state() -> State:
        hearing = bridge.hearing
        pages = -(-hearing.to_read // PAGE_SIZE)
        silence = api.silence if hearing.hears else 0.0
        return State(silence, hearing.live, pages, hearing.reconnects, progress.standstill.seconds)

    metrics.watch(state)
    async with serving(
        settings, metrics, lambda: _Condition(bridge.ready, progress.standstill), port="bridge_web_port"
    ):
        watching = [asyncio.ensure_future(it) for it in (look(), watchdog.watch())]
        try:
            yield
        finally:
            for it in watching:
                it.cancel()


def _options(settings: Settings) -> Options:
    return Options(
        app_id=settings.app_id,
        client=client_of(settings),
        events=settings.topic_events,
        position=settings.topic_bridge,
        prepare=partial(prepare_for_bridge, settings),
        since=None if settings.bridge_since is None else moment_of(settings.bridge_since),
        window=span_of(settings.bridge_window),
        every=settings.bridge_reconcile.total_seconds(),
    )

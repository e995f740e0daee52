"""``correlator bridge``: from a Prefect server to the raw topic, until SIGTERM or Ctrl-C."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import uvloop
from aiokafka.errors import KafkaError

from correlator.bridge.api import PAGE, Api, Asked
from correlator.bridge.bridge import Bridge, Options
from correlator.bridge.metrics import Metrics, State
from correlator.bridge.publishing import Topics
from correlator.bridge.server import Server, server_of
from correlator.client import client_of
from correlator.clock import steady_clock
from correlator.commands import logs
from correlator.engine import STOP_SIGNALS, Progress, Sign, Standstill, Watchdog, die
from correlator.moments import MICROSECOND, Moment
from correlator.settings import Settings, SettingsError
from correlator.topics import Room, prepare_for_bridge
from correlator.web import serving

LOOKING: Final = 2.0
"""Seconds between two looks at whether all moves."""

log = logging.getLogger(__name__)


def start(settings: Settings) -> None:
    """Run the bridge. Raises `Failure` where the server does not allow it, `TopicsError` where the topics do not,
    `Superseded` where another bridge takes over, and `SettingsError`.
    """
    if find_spec("websockets") is None:
        raise SettingsError("The bridge needs the extra `bridge`: pip install 'prefect-lifecycle-correlator[bridge]'.")
    server = server_of(settings, os.environ)
    logs.configure(settings.log_level)
    uvloop.run(_run(settings, server))


async def _run(settings: Settings, server: Server) -> None:
    asyncio.get_running_loop().set_exception_handler(_unheard)
    async with Api(server, settings.bridge_events) as api:
        await api.page(Asked(api.now), limit=0)  # the server answers, and is Prefect's
        bridge_, metrics = await _bridge(settings, api)
        async with _watched(settings, api, bridge_, metrics):
            await _until_stopped(bridge_)
    log.info("stopped: %s published", f"{metrics.published:,} events" if metrics.published else "nothing was")


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What failed, and nobody waited for: aiokafka fails such futures by the dozen, with one that we have heard of."""
    if not isinstance(context.get("exception"), KafkaError):
        loop.default_exception_handler(context)


async def _bridge(settings: Settings, api: Api) -> tuple[Bridge, Metrics]:
    room = await prepare_for_bridge(settings)
    metrics = Metrics(wall_clock=steady_clock())
    bridge = Bridge(api, _options(settings, room), metrics.add)
    log.info("%s brings what %s tells to %s", settings.app_id, api.server.url, settings.topic_events)
    return bridge, metrics


async def _until_stopped(bridge: Bridge) -> None:
    """Run until a signal; what is not committed then is read again by the next start."""
    running = asyncio.ensure_future(bridge.run())
    for signal in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(signal, running.cancel)
    with suppress(asyncio.CancelledError):
        await running


class _Condition(NamedTuple):
    ready: bool
    standstill: Standstill


@asynccontextmanager
async def _watched(settings: Settings, api: Api, bridge: Bridge, metrics: Metrics) -> AsyncIterator[None]:
    """Watch progress, and serve health and metrics, for the length of the block. A server that is away is no reason to
    end, Kafka that takes nothing is: another start may do better.
    """
    progress = Progress(2 * LOOKING)
    watchdog = Watchdog(bridge.signs, limit=settings.stall_limit.total_seconds(), fail=die)

    async def look() -> None:
        while True:
            signs = bridge.signs() | {f"the answer of {api.server.url}": Sign(api.answers, at_rest=not api.waits)}
            progress.look(signs, time.monotonic())
            await asyncio.sleep(LOOKING)

    def state() -> State:
        hearing = bridge.hearing
        pages = -(-hearing.to_read // PAGE)
        return State(api.silence, hearing.live, pages, hearing.reconnects, progress.standstill.seconds)

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


def _options(settings: Settings, room: Room) -> Options:
    return Options(
        app_id=settings.app_id,
        client=client_of(settings),
        topics=Topics(settings.topic_events, room, settings.topic_bridge),
        since=None if settings.bridge_since is None else _moment(settings.bridge_since),
        window=settings.bridge_window // timedelta(microseconds=1) * MICROSECOND,
        every=settings.bridge_reconcile.total_seconds(),
    )


def _moment(date: datetime) -> Moment:
    return Moment((date - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1))

"""The web port of a worker or a bridge. It serves health and metrics and, if the settings say so, the stage at a
glance: as a page, as JSON, and as the report for other workers. Nothing else is served.
"""

import os
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from aiohttp import web

from correlator import page
from correlator.engine import Standstill
from correlator.settings import Settings, SettingsError, variable

_STRICT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Metrics(Protocol):
    """The metrics of a process, which write themselves."""

    @property
    def content_type(self) -> str: ...
    def write(self) -> bytes: ...


class Glance(Protocol):
    """The stage at a glance: the page, the JSON document, and this worker's report."""

    async def html(self, options: page.PageOptions) -> str: ...
    async def json(self) -> bytes: ...
    async def report(self) -> bytes: ...


class Condition(Protocol):
    """The condition of the worker or the bridge at a moment."""

    @property
    def ready(self) -> bool: ...
    @property
    def standstill(self) -> Standstill: ...


@asynccontextmanager
async def serving(
    settings: Settings,
    metrics: Metrics,
    condition: Callable[[], Condition],
    glance: Glance | None = None,
    *,
    port: str = "web_port",
) -> AsyncIterator[None]:
    """Serve for the length of the block, at the port that the setting named ``port`` gives. Raises `SettingsError` if
    that port cannot be opened.
    """
    number: int = getattr(settings, port)
    if not number:
        yield
        return
    runner = web.AppRunner(create_web(settings, metrics, condition, glance), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.web_host, number).start()
        except OSError as error:
            named = isinstance(error, socket.gaierror)  # otherwise asyncio's text repeats the address
            reason = error.strerror if named or error.errno is None else os.strerror(error.errno)
            raise SettingsError(
                f"{settings.web_host}:{number} cannot be served at ({reason}): set {variable(port)}"
                " to a port that is free, or to 0 for none."
            ) from None
        yield
    finally:
        await runner.cleanup()


def create_web(
    settings: Settings, metrics: Metrics, condition: Callable[[], Condition], glance: Glance | None
) -> web.Application:
    """The web application. ``glance``: what the page shows; None for no page."""

    async def healthz(_: web.Request) -> web.Response:
        """Whether everything moves, or has nothing to do."""
        what, seconds = condition().standstill
        if seconds > settings.stalled_after.total_seconds():
            return web.Response(status=503, text=f"{what} has stood still for {seconds:.0f} s\n")
        return web.Response(text="moving, or nothing to do\n")

    async def readyz(_: web.Request) -> web.Response:
        """Whether everything needed is recovered and read."""
        if not condition().ready:
            return web.Response(status=503, text="not yet: joining, or recovering\n")
        return web.Response(text="ready\n")

    async def metrics_(_: web.Request) -> web.Response:
        """The metrics."""
        return web.Response(body=metrics.write(), headers={"Content-Type": metrics.content_type})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics_)])
    if glance is not None:
        app.add_routes(_of(glance))
    return app


def _of(glance: Glance) -> Iterable[web.RouteDef]:
    async def page_(request: web.Request) -> web.Response:
        """The page of the whole stage."""
        if not request.query_string:
            raise web.HTTPFound(page.DEFAULT_OPTIONS.address, headers=_STRICT)
        text = await glance.html(page.PageOptions.from_query(request.query))
        return web.Response(text=text, content_type="text/html", headers=_STRICT)

    async def json(_: web.Request) -> web.Response:
        """The same as JSON, for tools."""
        return web.Response(body=await glance.json(), content_type="application/json", headers=_STRICT)

    async def report(_: web.Request) -> web.Response:
        """The report of this worker alone, for another worker."""
        return web.Response(body=await glance.report(), content_type="application/octet-stream", headers=_STRICT)

    return web.get("/", page_), web.get("/open.json", json), web.get("/part", report)

"""The web port of a worker or a bridge: health and metrics, and what is open, where the settings ask for it: as a
page, as JSON, and as other workers ask for it. Nothing else is served.
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
    """What is counted."""

    @property
    def content_type(self) -> str: ...
    def write(self) -> bytes: ...


class Glance(Protocol):
    """The stage at a moment, as far as one may see it here."""

    async def html(self, look: page.PageOptions) -> str: ...
    async def json(self) -> bytes: ...
    async def report(self) -> bytes: ...


class Condition(Protocol):
    """How whoever serves is at a moment."""

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
    """Serve for the length of the block, at the port that the setting ``port`` says. Raises `SettingsError` where it
    cannot be had.
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
            named = isinstance(error, socket.gaierror)  # else asyncio's text has the address in it, once more
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
    """What is served; ``glance`` is what the page shows, where there is to be one."""

    async def healthz(_: web.Request) -> web.Response:
        """Whether all moves, or has nothing to do."""
        what, seconds = condition().standstill
        if seconds > settings.stalled_after.total_seconds():
            return web.Response(status=503, text=f"{what} has stood still for {seconds:.0f} s\n")
        return web.Response(text="moving, or nothing to do\n")

    async def readyz(_: web.Request) -> web.Response:
        """Whether all that it needs is recovered and read."""
        if not condition().ready:
            return web.Response(status=503, text="not yet: joining, or recovering\n")
        return web.Response(text="ready\n")

    async def metrics_(_: web.Request) -> web.Response:
        """What is counted."""
        return web.Response(body=metrics.write(), headers={"Content-Type": metrics.content_type})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics_)])
    if glance is not None:
        app.add_routes(_of(glance))
    return app


def _of(glance: Glance) -> Iterable[web.RouteDef]:
    async def page_(request: web.Request) -> web.Response:
        """What is open now, and what ended last, of the whole stage."""
        if not request.query_string:
            raise web.HTTPFound(page.DEFAULT_OPTIONS.address, headers=_STRICT)
        text = await glance.html(page.PageOptions.from_query(request.query))
        return web.Response(text=text, content_type="text/html", headers=_STRICT)

    async def json(_: web.Request) -> web.Response:
        """The same, for tools."""
        return web.Response(body=await glance.json(), content_type="application/json", headers=_STRICT)

    async def report(_: web.Request) -> web.Response:
        """What this worker alone holds, for another that asks."""
        return web.Response(body=await glance.report(), content_type="application/octet-stream", headers=_STRICT)

    return web.get("/", page_), web.get("/open.json", json), web.get("/part", report)

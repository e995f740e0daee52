"""The live stream of a Prefect server: the websocket `/events/out`, with an event in each frame moments after it
occurred.

It makes events early, but does not bring them all: the server sends nothing twice, drops what a slow subscriber does
not take (it buffers 256 events for each), and leaves out events that occurred long ago.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from correlator import __version__
from correlator.bridge import answers, failures
from correlator.bridge.answers import ServerEvent, Unusable
from correlator.bridge.api import Api
from correlator.bridge.failures import Failure
from correlator.bridge.times import FAR_FUTURE, written
from correlator.moments import HOUR
from correlator.settings import SettingsError

CONNECT_TIMEOUT: Final = 10.0
"""Seconds that connecting may take."""
PING_INTERVAL: Final = 20.0
"""Seconds between two pings, and also the time within which each must be answered."""
MAX_FRAME: Final = 8 << 20
"""Bytes that a frame may have: an event may have 1.5 MB (`PREFECT_SERVER_EVENTS_MAXIMUM_SIZE_BYTES`)."""
POLICY_VIOLATION: Final = 1008
"""The code with which the server closes a connection whose token it does not accept (RFC 6455)."""


class _WithoutRedirects(connect):
    """A connection that follows no redirects: our key is for this server alone."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class Live:
    """A connection to the stream."""

    def __init__(self, connection: ClientConnection, api: Api) -> None:
        self._connection, self._api = connection, api

    async def events(self) -> AsyncIterator[ServerEvent]:
        """The events, as they come. Raises `Failure` when the stream ends."""
        try:
            async for message in self._connection:
                self._api.seen_alive()
                frame = answers.frame(message)
                if frame.type == "event":
                    yield answers.event(frame.event)
        except ConnectionClosed as closed:
            raise failures.unreachable(closed, self._api.server) from closed
        except Unusable as what:
            raise failures.foreign(what, self._api.server) from None
        raise Failure(f"The server at {self._api.server.url} has closed the live stream.", may_pass=True)

    async def _ping(self) -> None:
        """Ping the server: a connection may be lost without notice."""
        while True:
            await asyncio.sleep(PING_INTERVAL)
            try:
                with self._api.asking():
                    async with asyncio.timeout(PING_INTERVAL):
                        await (await self._connection.ping())
                self._api.seen_alive()
            except TimeoutError:
                await self._connection.close()
            except ConnectionClosed:
                return


@asynccontextmanager
async def listening(api: Api) -> AsyncIterator[Live]:
    """Listen for the length of the block. Raises `Failure` if the server does not let us."""
    server = api.server
    url = server.url.replace("http", "ws", 1) + "/events/out"
    try:
        async with _WithoutRedirects(
            url,
            subprotocols=[Subprotocol("prefect")],
            additional_headers=server.request_headers,
            user_agent_header=f"correlator/{__version__}",
            ssl=server.ssl_context() if url.startswith("wss:") else None,
            open_timeout=CONNECT_TIMEOUT,
            ping_interval=None,
            max_size=MAX_FRAME,
        ) as connection:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await _subscribe(connection, api)
            api.seen_alive()
            live = Live(connection, api)
            pinging = asyncio.create_task(live._ping())
            try:
                yield live
            finally:
                pinging.cancel()
    except InvalidStatus as refused:
        raise failures.refused(refused.response.status_code, server) from None
    except SettingsError as error:  # the file with the key is being replaced
        raise Failure(str(error), may_pass=True) from None
    except (OSError, TimeoutError, WebSocketException, ImportError) as error:  # the last: a proxy of another kind
        raise failures.unreachable(error, server) from error


async def _subscribe(connection: ClientConnection, api: Api) -> None:
    """Authenticate, and subscribe to new events only: sweeps read the earlier ones."""
    try:
        await connection.send(_text({"type": "auth", "token": api.server.token}))
        if answers.frame(await connection.recv()).type != "auth_success":
            raise failures.unrecognized(api.server)
        occurred = {"since": written(api.now - HOUR), "until": written(FAR_FUTURE)}
        wanted = {"occurred": occurred, "order": "ASC", **({} if api.names is None else {"event": api.names})}
        await connection.send(_text({"type": "filter", "filter": wanted, "backfill": False}))
    except ConnectionClosed as closed:
        if closed.rcvd is not None and closed.rcvd.code == POLICY_VIOLATION:
            raise failures.unrecognized(api.server) from None
        raise failures.unreachable(closed, api.server) from closed
    except Unusable as what:
        raise failures.foreign(what, api.server) from None


def _text(message: object) -> str:
    return orjson.dumps(message).decode()

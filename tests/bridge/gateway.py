"""Stand-ins for what lies between a bridge and a server in practice: an ingress, which may speak TLS, refuse requests
and lose connections; and a forward proxy for all outgoing traffic.
"""

import asyncio
import json
import ssl
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import aiohttp
from aiohttp import ClientTimeout, WSMsgType, web

from local.ports import free_ports

LOOPBACK = "127.0.0.1"
_HOPS = {
    "connection",
    "transfer-encoding",
    "content-length",
    "content-encoding",
    "keep-alive",
    "upgrade",
    "date",
    "server",
}


class ReceivedRequest(NamedTuple):
    """A request that the gateway received."""

    path: str
    at: float
    """By the monotonic clock."""
    headers: dict[str, str]


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse
Instead = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


async def passes(_: web.Request) -> None:
    """What an ingress does when all is well: it passes the request on."""


class Gateway:
    """Passes every request on to a server, unless ``instead`` answers it."""

    def __init__(self, url: str, port: int, scheme: str, prefix: str) -> None:
        self._target, self._prefix = url.removesuffix("/api"), prefix
        self.port = port
        self.url = f"{scheme}://{LOOPBACK}:{port}{prefix}/api"
        self.seen: list[ReceivedRequest] = []
        self.instead: Instead = passes
        self.as_whom: str | None = None
        """The authentication string that replaces a request's own when it is passed on."""
        self._sockets = set[web.WebSocketResponse]()

    def asked(self, what: str) -> list[ReceivedRequest]:
        """The requests to paths that contain ``what``."""
        return [seen for seen in self.seen if what in seen.path]

    async def hang_up(self) -> None:
        """End all websockets without a frame, as when an ingress is restarted."""
        for socket in list(self._sockets):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(ReceivedRequest(request.path, time.monotonic(), dict(request.headers)))
        if (answer := await self.instead(request)) is not None:
            return answer
        target = f"{self._target}{request.path_qs.removeprefix(self._prefix)}"
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOPS}
        if self.as_whom is not None:
            headers["Authorization"] = f"Basic {b64encode(self.as_whom.encode()).decode()}"
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._relay(request, target)
        async with aiohttp.ClientSession(auto_decompress=True, timeout=ClientTimeout(60)) as client:
            try:
                async with client.request(request.method, target, headers=headers, data=await request.read()) as answer:
                    kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOPS}
                    return web.Response(status=answer.status, body=await answer.read(), headers=kept)
            except aiohttp.ClientError:
                return web.Response(status=502, text="<html><h1>Bad Gateway</h1></html>", content_type="text/html")

    async def _relay(self, request: web.Request, target: str) -> web.StreamResponse:
        ours = web.WebSocketResponse(protocols=["prefect"], max_msg_size=0)
        async with aiohttp.ClientSession() as client:
            try:
                theirs = await client.ws_connect(target, protocols=["prefect"], max_msg_size=0)
            except aiohttp.ClientError:
                return web.Response(status=502)
            await ours.prepare(request)
            self._sockets.add(ours)
            try:
                await _first(self._pass(ours, theirs), self._pass(theirs, ours))
            finally:
                self._sockets.discard(ours)
                await theirs.close()
                await ours.close(code=theirs.close_code or 1001)
        return ours

    async def _pass(self, from_: Socket, to: Socket) -> None:
        async for message in from_:
            if message.type is WSMsgType.TEXT:
                auth = self.as_whom is not None and message.data.startswith('{"type":"auth"')
                await to.send_str(json.dumps({"type": "auth", "token": self.as_whom}) if auth else message.data)


async def _first(*ways: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionError, aiohttp.ClientError):
            await task


@asynccontextmanager
async def gateway(url: str, tls: ssl.SSLContext | None = None, prefix: str = "") -> AsyncIterator[Gateway]:
    """Run a gateway to the server at ``url``. ``prefix``: the path under which the gateway has it."""
    (port,) = free_ports(1)
    gate = Gateway(url, port, "http" if tls is None else "https", prefix)
    async with serving(gate.handle, port, tls):
        yield gate


@asynccontextmanager
async def serving(handler: Instead, port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """Run a server on a port that answers every request with ``handler``."""
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port, ssl_context=tls).start()
    try:
        yield
    finally:
        await runner.cleanup()


class Forward:
    """A forward proxy, which alone knows where ``prefect.test`` is."""

    NAME = "prefect.test"

    def __init__(self, target: int) -> None:
        """``target``: the port of that host."""
        (self.port,) = free_ports(1)
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.seen: list[str] = []
        """The first lines of requests."""
        self._target = target
        self._tasks = set[asyncio.Task[None]]()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle a connection to the proxy."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        writers = [writer]
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            line = head.partition(b"\r\n")[0].decode()
            self.seen.append(line)
            their_reader, their_writer = await asyncio.open_connection(LOOPBACK, self._target)
            writers.append(their_writer)
            if line.startswith("CONNECT "):
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                their_writer.write(_of_one_request(head))
            await _first(_pump(reader, their_writer), _pump(their_reader, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for one in writers:
                one.close()
            for one in writers:
                with suppress(OSError):
                    await one.wait_closed()
            self._tasks.discard(task)

    async def close(self) -> None:
        """End all connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


def _of_one_request(head: bytes) -> bytes:
    """The head of a request, with the path instead of the full address, and closing the connection after it."""
    line, _, headers = head.partition(b"\r\n")
    method, address, version = line.split(b" ")
    path = b"/" + address.split(b"/", 3)[3]
    return b"%s %s %s\r\nConnection: close\r\n%s" % (method, path, version, headers)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(1 << 16):
        writer.write(part)
        await writer.drain()


@asynccontextmanager
async def forward_proxy(target: int) -> AsyncIterator[Forward]:
    """Run a proxy to the server on this port of this machine."""
    proxy = Forward(target)
    server = await asyncio.start_server(proxy.handle, LOOPBACK, proxy.port)
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()

"""Servers that may be at an address which the group gives, by what they answer and how."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from correlator.address import Address

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Somebody:
    """A server on this machine, and the requests that it got."""

    def __init__(self, port: int) -> None:
        self.address = Address("127.0.0.1", port)
        self.asked: list[str] = []


@asynccontextmanager
async def somebody(behave: Behaviour) -> AsyncIterator[Somebody]:
    """A server that reads a request and then does what ``behaves`` says."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        it.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        try:
            await behave(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    it = Somebody(server.sockets[0].getsockname()[1])
    try:
        yield it
    finally:
        server.close()


def answering(status: str, body: bytes = b"", *headers: str) -> Behaviour:
    """Answers with an HTTP response."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""))
        writer.write(head.encode() + body)
        await writer.drain()

    return behave


async def hanging(_: asyncio.StreamWriter) -> None:
    """Does not answer, like a process that is stopped."""
    await asyncio.Event().wait()


async def without_end(writer: asyncio.StreamWriter) -> None:
    """Answers with a body that has no end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n")
    while True:
        writer.write(bytes(1 << 16))
        await writer.drain()


async def trickling(writer: asyncio.StreamWriter) -> None:
    """Answers with a byte now and then."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def babbling(writer: asyncio.StreamWriter) -> None:
    """Answers with something that is not HTTP."""
    writer.write(b"220 mail.example.com ESMTP\r\n" * 10)
    await writer.drain()

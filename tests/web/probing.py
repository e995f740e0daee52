"""Probes a web port as a kubelet does, with a timeout."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

import aiohttp


class Answer(NamedTuple):
    status: int | None
    """The HTTP status; None if no answer came in time."""
    text: str = ""


async def ask(port: int, path: str, timeout: float = 1.0) -> Answer:
    """Ask once, as a probe does."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(timeout)) as session,
            session.get(f"http://127.0.0.1:{port}{path}") as answer,
        ):
            return Answer(answer.status, await answer.text())
    except (aiohttp.ClientError, TimeoutError):
        return Answer(None)


async def until(port: int, path: str, good: Callable[[Answer], bool], limit: float) -> tuple[Answer, float]:
    """Ask until an answer is as it should be; returns it, with the seconds that it took to come."""
    began, answer = time.monotonic(), Answer(None)
    async with asyncio.timeout(limit):
        while not good(answer := await ask(port, path)):
            await asyncio.sleep(0.1)
    return answer, time.monotonic() - began


def is_(status: int | None) -> Callable[[Answer], bool]:
    return lambda answer: answer.status == status

"""Asks other workers for their reports.

The addresses come from the group's members, so anybody who may join the group can supply one. Therefore the request is
always the same, and an answer is read only as the type that it should have.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from correlator.address import Address
from correlator.glance.report import MAX_REPORT_BYTES

PATH: Final = "/part"
DEADLINE: Final = 1.0
"""Seconds that the workers, asked at the same time, have to answer. Answers that come later do not count."""
MAX_ASKED: Final = 100
"""How many workers are asked."""

NO_ANSWER: Final = "does not answer"
UNREACHABLE: Final = "cannot be reached"
PAGE_IS_OFF: Final = "does not show what it holds: CORRELATOR_PAGE is off there"
NOT_A_WORKER: Final = "does not answer as a worker does"
NOT_ASKED: Final = f"was not asked, as {MAX_ASKED} others were"

_log = logging.getLogger(__name__)

Answer = bytes | str
"""A packed report, or the reason why there is none: a text that completes a sentence after the worker's name."""


class Workers:
    """The other workers, reached over connections that are kept open."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ask(self, addresses: Iterable[Address]) -> Mapping[Address, Answer]:
        """Ask all of them at once, and return the answer of each."""
        wanted = list(dict.fromkeys(addresses))
        answers = await asyncio.gather(*map(self._ask, wanted[:MAX_ASKED]))
        return dict(zip(wanted, answers, strict=False)) | dict.fromkeys(wanted[MAX_ASKED:], NOT_ASKED)

    async def _ask(self, address: Address) -> Answer:
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self._session.get(f"http://{address}{PATH}", allow_redirects=False) as response,
            ):
                if response.status == 200:
                    return await _read(response)
                return PAGE_IS_OFF if response.status == 404 else NOT_A_WORKER
        except TimeoutError:
            return NO_ANSWER
        except (aiohttp.ClientConnectionError, aiohttp.InvalidURL) as error:
            _log.debug("%s: %r", address, error)
            return UNREACHABLE
        except aiohttp.ClientError as error:
            _log.debug("%s: %r", address, error)
            return NOT_A_WORKER


async def _read(response: aiohttp.ClientResponse) -> Answer:
    """The body of a response, unless it is larger than a report can be."""
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) > MAX_REPORT_BYTES:
            return NOT_A_WORKER
    return bytes(read)


@asynccontextmanager
async def reaching() -> AsyncIterator[Workers]:
    """Connections for the length of the block. They use no cookies, no proxy, and no compression, with which a small
    answer could unpack into a huge one.
    """
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
        connector=aiohttp.TCPConnector(limit=0),
    ) as session:
        yield Workers(session)

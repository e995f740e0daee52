"""Asks other workers for their parts. Where they are, the group says, and so anybody who may join it: nothing is sent
but a fixed question, and what comes back is read by its type, or not at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from correlator.address import Address
from correlator.glance.part import LARGEST

PATH: Final = "/part"
DEADLINE: Final = 1.0
"""Seconds that all of them have, together. The answers that have come by then count."""
ASKED: Final = 100
"""How many are asked, at most."""

NO_ANSWER: Final = "does not answer"
UNREACHED: Final = "cannot be reached"
OFF: Final = "does not show what it holds: CORRELATOR_PAGE is off there"
STRANGE: Final = "does not answer as a worker does"
LEFT_OUT: Final = f"was not asked: {ASKED} others were"

_log = logging.getLogger(__name__)

Answer = bytes | str
"""A part, packed; or why there is none."""


class Workers:
    """Whom one asks, over connections that are kept."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ask(self, addresses: Iterable[Address]) -> Mapping[Address, Answer]:
        """All of them at once."""
        wanted = list(dict.fromkeys(addresses))
        answers = await asyncio.gather(*map(self._ask, wanted[:ASKED]))
        return dict(zip(wanted, answers, strict=False)) | dict.fromkeys(wanted[ASKED:], LEFT_OUT)

    async def _ask(self, address: Address) -> Answer:
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self._session.get(f"http://{address}{PATH}", allow_redirects=False) as response,
            ):
                if response.status == 200:
                    return await _read(response)
                return OFF if response.status == 404 else STRANGE
        except TimeoutError:
            return NO_ANSWER
        except (aiohttp.ClientConnectionError, aiohttp.InvalidURL) as error:
            _log.debug("%s: %r", address, error)
            return UNREACHED
        except aiohttp.ClientError as error:
            _log.debug("%s: %r", address, error)
            return STRANGE


async def _read(response: aiohttp.ClientResponse) -> Answer:
    """As much as a part may be."""
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) > LARGEST:
            return STRANGE
    return bytes(read)


@asynccontextmanager
async def reaching() -> AsyncIterator[Workers]:
    """Connections for the length of the block: no cookie, no proxy, no compression, which a small answer could be a
    large one in.
    """
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
        connector=aiohttp.TCPConnector(limit=0),
    ) as session:
        yield Workers(session)

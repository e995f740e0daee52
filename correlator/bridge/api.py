"""The REST API of a Prefect server, as far as it tells of events: `POST /events/filter`, page by page.

What is asked is asked again until it is answered: a server that goes away is waited for.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from uuid import uuid4

import aiohttp
import orjson
from yarl import URL

from correlator.bridge import answers, failures
from correlator.bridge.answers import Page, Unusable
from correlator.bridge.failures import Failure
from correlator.bridge.patience import Patience
from correlator.bridge.server import Server
from correlator.moments import MICROSECOND, SECOND, Moment

PAGE: Final = 50
"""Events on a page: the most that the API gives."""

FAR: Final = Moment(221_845_392_000 * SECOND)
"""The year 9000, after all that occurs: the API takes "until" for now where it is not said."""

ANSWERING: Final = aiohttp.ClientTimeout(total=60, connect=10)
STARTING: Final = 10.0
"""Seconds for which a server that does not answer at the start is waited for."""
_FIRST: Final = aiohttp.ClientTimeout(total=STARTING)

KEPT: Final = 4.0
"""Seconds for which an idle connection is used again: Prefect's server closes it after 5."""

_EPOCH = datetime.fromtimestamp(0, UTC)
_log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """Of which events we ask: those that occurred from ``since`` on, and before ``until``."""

    since: Moment
    until: Moment = FAR


class Api:
    """A connection to a server's API, for the length of a ``with`` block."""

    def __init__(self, server: Server, names: Sequence[str], *, gives_up: float | None = None) -> None:
        """``names``: what the names of events begin with; none for any. ``gives_up``: seconds after which a server that
        has answered before, and does not any more, is not waited for any longer.
        """
        self.server, self._names, self._gives_up = server, tuple(names), gives_up
        self.answers = 0
        """How often the server has answered: it changes with every sign of life."""
        self._asking = 0
        self._answered_at = time.monotonic()
        self._server_clock = Moment(time.time_ns() // 1000)
        self._csrf: dict[str, str] = {}
        self._failing = False

    async def __aenter__(self) -> Self:
        context = self.server.ssl_context() if self.server.url.startswith("https:") else True
        connector = aiohttp.TCPConnector(ssl=context, keepalive_timeout=KEPT)
        self._client = aiohttp.ClientSession(connector=connector, timeout=ANSWERING, trust_env=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    @property
    def names(self) -> dict[str, list[str]] | None:
        """The filter by name, as the API wants it; None for all events."""
        return {"prefix": list(self._names)} if self._names else None

    @property
    def now(self) -> Moment:
        """The time by the server's clock, to the second: it goes by when it answered last."""
        return self._server_clock + round((time.monotonic() - self._answered_at) * 1e6) * MICROSECOND

    @property
    def silence(self) -> float:
        """Seconds since the server answered anything."""
        return time.monotonic() - self._answered_at

    @property
    def waits(self) -> bool:
        """Whether something is asked that the server has not answered yet."""
        return self._asking > 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Something is asked, until the block is left."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    def alive(self) -> None:
        """Note a sign of life, by whatever way it came."""
        moved = round((time.monotonic() - self._answered_at) * 1e6) * MICROSECOND
        self._server_clock, self._answered_at = self._server_clock + moved, time.monotonic()
        self.answers += 1

    async def page(self, asked: Asked, limit: int = PAGE) -> Page:
        """The first page of what is asked for, in the order in which it occurred. Raises `Failure`."""
        since, until = written(asked.since), written(asked.until - MICROSECOND)
        wanted: dict[str, Any] = {"occurred": {"since": since, "until": until}, "order": "ASC"}
        if self.names is not None:
            wanted["event"] = self.names
        body = orjson.dumps({"filter": wanted, "limit": limit})
        return await self._until_answered("POST", URL(f"{self.server.url}/events/filter"), body)

    async def next(self, page: Page) -> Page:
        """The page after that one. Raises `Failure`."""
        query = URL(page.next_page or "").raw_query_string  # of the address no more: a proxy may have another one
        return await self._until_answered("GET", URL(f"{self.server.url}/events/filter/next?{query}", encoded=True))

    async def count(self, asked: Asked) -> int:
        """How many events there are. Raises `Failure`."""
        return (await self.page(asked, limit=0)).total

    async def _until_answered(self, method: str, url: URL, body: bytes | None = None) -> Page:
        with self.asking():
            return await self._ask_on(method, url, body)

    async def _ask_on(self, method: str, url: URL, body: bytes | None) -> Page:
        patience, began = Patience(), time.monotonic()
        while True:
            try:
                page = await self._ask(method, url, body)
            except Failure as failure:
                waits = STARTING if not self.answers else self._gives_up
                final = not failure.may_pass and (not self.answers or waits is not None)
                if final or (waits is not None and time.monotonic() - began > waits):
                    raise
                if self.answers and not self._failing:
                    _log.warning("%s It is asked again until it answers.", failure)
                    self._failing = True
                await asyncio.sleep(patience.next(failure.after))
            else:
                if self._failing:
                    _log.info("the server at %s answers again", self.server.url)
                    self._failing = False
                return page

    async def _ask(self, method: str, url: URL, body: bytes | None) -> Page:
        headers = {"Content-Type": "application/json", **self.server.request_headers, **self._csrf}
        asked = self._client.request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=ANSWERING if self.answers else _FIRST,
        )
        try:
            async with asked as response:
                answer = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise failures.unreachable(error, self.server) from error
        if response.status == HTTPStatus.FORBIDDEN and b"CSRF" in answer and not self._csrf:
            await self._get_csrf_token()
            return await self._ask(method, url, body)
        self._csrf = {} if response.status == HTTPStatus.FORBIDDEN else self._csrf
        if response.status != HTTPStatus.OK:
            raise failures.refused(response.status, self.server, after=_after(response.headers.get("Retry-After")))
        try:
            page = answers.page(answer)
        except Unusable as what:
            raise failures.foreign(what, self.server) from None
        self._see_clock(response.headers.get("Date"))
        return page

    async def _get_csrf_token(self) -> None:
        """A server may want one with everything that is posted (`PREFECT_SERVER_CSRF_PROTECTION_ENABLED`)."""
        client, url = str(uuid4()), f"{self.server.url}/csrf-token"
        try:
            async with self._client.get(
                url, params={"client": client}, headers=self.server.request_headers
            ) as response:
                told = await response.json() if response.status == HTTPStatus.OK else {}
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise failures.unreachable(error, self.server) from error
        self._csrf = {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": str(told.get("token"))}

    def _see_clock(self, date: str | None) -> None:
        self.alive()
        try:
            self._server_clock = _moment(parsedate_to_datetime(date or ""))
        except ValueError:
            self._server_clock = Moment(time.time_ns() // 1000)


def _after(header: str | None) -> float:
    """Seconds that an answer's Retry-After asks for (RFC 9110): a number of them, or a date."""
    if header is None:
        return 0.0
    try:
        seconds = float(header) if header.strip().isdecimal() else _until(parsedate_to_datetime(header))
    except ValueError:
        return 0.0
    return max(0.0, seconds)


def _until(date: datetime) -> float:
    return date.timestamp() - time.time()


def _moment(date: datetime) -> Moment:
    return Moment((date.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1))


def written(moment: Moment) -> str:
    """A moment as the API wants it, exactly."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat()

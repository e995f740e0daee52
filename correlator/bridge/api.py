"""The part of a Prefect server's REST API that returns events: `POST /events/filter`, page by page.

Requests are repeated until they are answered, so a server that goes away is waited for.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import aiohttp
import orjson
from yarl import URL

from correlator.bridge import answers, failures
from correlator.bridge.answers import Page, Unusable
from correlator.bridge.backoff import Backoff
from correlator.bridge.failures import Failure
from correlator.bridge.server import Server
from correlator.bridge.times import Interval, written
from correlator.moments import MICROSECOND, Moment, moment_of
from correlator.settings import SettingsError

PAGE_SIZE: Final = 50
"""How many events a page has: the most that the API allows."""

STARTUP_TIMEOUT: Final = 10.0
"""Seconds to wait for a server that does not answer at the start."""
_STARTUP_TIMEOUT: Final = aiohttp.ClientTimeout(total=STARTUP_TIMEOUT)
_REQUEST_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)

_KEEPALIVE: Final = 4.0
"""Seconds after which an idle connection is not used again: Prefect's server closes it after 5."""

_log = logging.getLogger(__name__)


class Api:
    """A connection to a server's API, open for the length of an ``async with`` block."""

    def __init__(self, server: Server, names: Sequence[str], *, give_up_after: float | None = None) -> None:
        """``names``: prefixes of event names; none for all events. ``give_up_after``: how many seconds to wait for a
        server that has answered before and no longer does; None to wait for ever.
        """
        self.server, self._names, self._give_up_after = server, tuple(names), give_up_after
        self.answers = 0
        """How often the server has shown a sign of life."""
        self._asking = 0
        self._answered_at = time.monotonic()
        self._server_clock = Moment(time.time_ns() // 1000)
        self._csrf: dict[str, str] = {}
        self._failing = False

    async def __aenter__(self) -> Self:
        context = self.server.ssl_context() if self.server.url.startswith("https:") else True
        connector = aiohttp.TCPConnector(ssl=context, keepalive_timeout=_KEEPALIVE)
        self._client = aiohttp.ClientSession(connector=connector, timeout=_REQUEST_TIMEOUT, trust_env=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    @property
    def names(self) -> dict[str, list[str]] | None:
        """The API's filter by name; None for all events."""
        return {"prefix": list(self._names)} if self._names else None

    @property
    def now(self) -> Moment:
        """The time by the server's clock or ours, whichever is earlier: either may be wrong, and an early time only
        makes the bridge read some events again.
        """
        server = self._server_clock + round((time.monotonic() - self._answered_at) * 1e6) * MICROSECOND
        return min(server, Moment(time.time_ns() // 1000))

    @property
    def silence(self) -> float:
        """Seconds since the server's last answer."""
        return time.monotonic() - self._answered_at

    @property
    def waits(self) -> bool:
        """Whether a request is waiting for the server's answer."""
        return self._asking > 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Count a request as waiting until the block is left."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    def seen_alive(self, date: Moment | None = None) -> None:
        """Note a sign of life of the server, however it came. ``date``: the server's clock, if the sign carries it."""
        now = time.monotonic()
        gone_on = self._server_clock + round((now - self._answered_at) * 1e6) * MICROSECOND
        self._server_clock, self._answered_at = gone_on if date is None else date, now
        self.answers += 1

    async def page(self, interval: Interval, limit: int = PAGE_SIZE) -> Page:
        """The first page of the events of an interval, in the order in which they occurred. Raises `Failure`."""
        return await self._until_answered("POST", self._filter, self._body(interval, limit))

    async def next(self, page: Page) -> Page:
        """The page after that one. Raises `Failure`."""
        query = URL(page.next_page or "").raw_query_string  # nothing else of the address: behind a proxy, it differs
        return await self._until_answered("GET", URL(f"{self._filter}/next?{query}", encoded=True))

    async def count(self, interval: Interval) -> int:
        """How many events an interval has. Raises `Failure`."""
        return (await self.page(interval, limit=0)).total

    async def estimate(self, interval: Interval) -> int:
        """How many events an interval has, asked only once: there may be too many to count. 0 if the server fails to
        say.
        """
        try:
            with self.asking():
                return (await self._ask("POST", self._filter, self._body(interval, 0))).total
        except Failure:
            return 0

    @property
    def _filter(self) -> URL:
        return URL(f"{self.server.url}/events/filter")

    def _body(self, interval: Interval, limit: int) -> bytes:
        since, until = written(interval.since), written(interval.until - MICROSECOND)
        wanted: dict[str, Any] = {"occurred": {"since": since, "until": until}, "order": "ASC"}
        if self.names is not None:
            wanted["event"] = self.names
        return orjson.dumps({"filter": wanted, "limit": limit})

    async def _until_answered(self, method: str, url: URL, body: bytes | None = None) -> Page:
        backoff, began = Backoff(), time.monotonic()
        with self.asking():
            while True:
                try:
                    page = await self._ask(method, url, body)
                except Failure as failure:
                    waits = STARTUP_TIMEOUT if not self.answers else self._give_up_after
                    final = not failure.may_pass and (not self.answers or waits is not None)
                    if final or (waits is not None and time.monotonic() - began > waits):
                        raise
                    if self.answers and not self._failing:
                        _log.warning("%s It is asked again until it answers.", failure)
                        self._failing = True
                    await asyncio.sleep(backoff.next(failure.after))
                else:
                    if self._failing:
                        _log.info("the server at %s answers again", self.server.url)
                        self._failing = False
                    return page

    async def _ask(self, method: str, url: URL, body: bytes | None) -> Page:
        response, answer = await self._request(method, url, body)
        if response.status == HTTPStatus.FORBIDDEN and b"CSRF" in answer:
            self._csrf = await self._csrf_token()
            response, answer = await self._request(method, url, body)
        if response.status != HTTPStatus.OK:
            raise failures.refused(response.status, self.server, after=response.headers.get("Retry-After"))
        try:
            page = answers.page(answer)
        except Unusable as what:
            raise failures.foreign(what, self.server) from None
        self.seen_alive(_date(response.headers.get("Date")))
        return page

    async def _csrf_token(self) -> dict[str, str]:
        """The headers with a CSRF token, which a server may require on every POST
        (`PREFECT_SERVER_CSRF_PROTECTION_ENABLED`). It is valid for an hour.
        """
        client = str(uuid4())
        url = URL(f"{self.server.url}/csrf-token").with_query(client=client)
        response, answer = await self._request("GET", url, None)
        if response.status != HTTPStatus.OK:
            raise failures.refused(response.status, self.server)
        try:
            token = str(orjson.loads(answer)["token"])
        except (orjson.JSONDecodeError, TypeError, KeyError):
            raise failures.foreign(Unusable("with something other than a token"), self.server) from None
        return {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token}

    async def _request(self, method: str, url: URL, body: bytes | None) -> tuple[aiohttp.ClientResponse, bytes]:
        try:
            headers = {"Content-Type": "application/json", **self.server.request_headers, **self._csrf}
        except SettingsError as error:  # the file with the key is being replaced
            raise Failure(str(error), may_pass=bool(self.answers)) from None
        timeout = _REQUEST_TIMEOUT if self.answers else _STARTUP_TIMEOUT
        try:
            async with self._client.request(
                method, url, data=body, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                return response, await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise failures.unreachable(error, self.server) from error


def _date(header: str | None) -> Moment | None:
    try:
        return moment_of(parsedate_to_datetime(header or ""))
    except (ValueError, TypeError):  # TypeError: no offset
        return None

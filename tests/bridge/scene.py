"""The scene for faults: a Prefect server, a Kafka, and for each fault a bridge between them."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from local import Broker
from sessions.api import Api
from sessions.driver import Driver
from tests.bridge.counting import DEFAULT, Figures, count
from tests.bridge.made_up import Feed
from tests.bridge.running import Bridge, Bridged, bridged

SWEEPS = 17
"""Seconds after which a bridge that has just begun to listen has certainly swept again."""
AUTH = "faults:not-to-be-told"
BACKFILL = 1
"""Seconds that the server's websocket looks back; the default is 15 minutes."""
IMPATIENT = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
"""Without these, a broker that was killed waits 9 s for the session of its former process."""


class Outcome(NamedTuple):
    """The result of a fault."""

    figures: Figures
    seconds: float
    """From the end of the fault until everything was in the topic."""
    says: str = ""
    """What the fault did, if its name does not say that."""


class Trial:
    """A deployment, and the events that its bridge must bring."""

    def __init__(self, api: Api, deployment: Bridged, *, long: bool) -> None:
        self._api, self.deployment, self._long = api, deployment, long
        self.feed = Feed(api)
        self.begins = datetime.now(UTC)
        """When its first bridge begins."""
        self._prefixes: Sequence[str] | None = (self.feed.name,)
        self.loses = False
        """Whether the server may lose events that it accepted, because it is killed."""

    def counts_what_prefect_says(self) -> None:
        """From now on, make the bridge bring Prefect's own events, not those of the feed."""
        self._prefixes, self.begins = None, datetime.now(UTC)

    @property
    def began(self) -> str:
        """When its first bridge begins, as a setting."""
        return self.begins.isoformat().replace("+00:00", "Z")

    def bridge(self, *arguments: str, **settings: str) -> Bridge:
        """Start a bridge."""
        names = {} if self._prefixes is None else {"BRIDGE_EVENTS": ",".join(self._prefixes)}
        variables = {"PREFECT_API_AUTH_STRING": AUTH}
        given = {"BRIDGE_SINCE": self.began, **names, **settings}
        return self.deployment.bridge(*arguments, variables=variables, **given)

    async def stored(self, within: float = 120) -> dict[str, bytes]:
        """The server's events for the bridge, by id, once no more come."""
        names = self._prefixes or DEFAULT
        least = 0 if self.loses else self.feed.sent
        total, since, until = -1, time.monotonic(), time.monotonic() + within
        quiet = _storing(long=self._long) + 0.8
        while total < least or time.monotonic() - since < quiet:
            if (now := await self._api.total(names)) != total:
                total, since = now, time.monotonic()
            assert time.monotonic() < until, f"events keep coming: {total}"
            await asyncio.sleep(0.2)
        lines = await self._api.raw_events(names)
        events = {event["id"]: line for line in lines if self._is_in(event := orjson.loads(line))}
        assert self._prefixes is None or len(events) == len(lines) == total, "an event is twice in the server's pages"
        return events

    async def over(self, bridge: Bridge, since: float | None = None, within: float = 120) -> Outcome:
        """Wait until everything is in the topic, and a while longer in case more comes; then stop, and count.

        ``since``: when the fault was over, by the monotonic clock; now by default.
        """
        began = time.monotonic() if since is None else since
        stored = await self.stored()
        await self.deployment.there(stored, within)
        seconds = time.monotonic() - began
        await asyncio.sleep(SWEEPS if self._long else 1)
        await bridge.stop()
        return Outcome(await count(self.deployment, stored), seconds)

    async def aborted(self) -> int:
        """How many records in the input were never committed."""
        written = await self.deployment.read(self.deployment.events, "read_uncommitted")
        return len(written) - len(await self.deployment.read(self.deployment.events))

    def _is_in(self, event: dict[str, Any]) -> bool:
        return self._prefixes is not None or datetime.fromisoformat(event["occurred"]) >= self.begins


class Scene:
    """The server and the Kafka that faults share."""

    def __init__(self, server: Driver, kafka: Broker, directory: Path, *, long: bool = False) -> None:
        """``long``: faults last their full length, not just long enough."""
        self.server, self.kafka, self.long = server, kafka, long
        self._directory = directory

    def directory(self) -> Path:
        """Create a directory that nothing else uses."""
        return Path(tempfile.mkdtemp(dir=self._directory))

    @contextmanager
    def trial(self, **settings: str) -> Iterator[Trial]:
        """Run a deployment for the length of the block, and end its processes after that."""
        with bridged(self.kafka.bootstrap_servers, self.directory(), self.server.url, **settings) as deployment:
            yield Trial(self.server.api, deployment, long=self.long)


@asynccontextmanager
async def prefect_server(python: Path, home: Path, *, long: bool = False) -> AsyncIterator[Driver]:
    """Run a Prefect server in an empty directory for the length of the block. None of its processes is left afterwards.

    ``long``: as for `Scene`.
    """
    settings = {
        "PREFECT_SERVER_EVENTS_MAXIMUM_WEBSOCKET_BACKFILL": f"PT{BACKFILL}S",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": f"{_storing(long=long)}",
        "PREFECT_API_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": f"{_storing(long=long)}",
    }
    server = Driver(python, home, lambda _: None, settings, AUTH)
    try:
        async with server.api:
            await server.start()
            yield server
    finally:
        await asyncio.to_thread(server.processes.close)


def _storing(*, long: bool) -> float:
    """Seconds within which the server stores what it has accepted."""
    return 5.0 if long else 0.2  # the first is its default

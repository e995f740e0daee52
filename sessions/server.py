"""A session's own Prefect server, and what to wait for on it."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from local.ports import free_ports
from sessions.api import Api
from sessions.deeds import ENDS
from sessions.processes import Processes, ended

LOOPBACK: Final = "127.0.0.1"

_SLOW: Final = 150.0
"""Seconds that anything may take, even on a busy machine, before the session is given up."""
_STOPPING: Final = 30.0
"""Seconds within which the server must stop."""
_EVERY: Final = 0.5
"""Seconds between two polls: each burdens SQLite."""


class Stuck(Exception):
    """The session is stuck; the message says where."""


class Server:
    """A server with a home of its own."""

    def __init__(
        self, python: Path, home: Path, settings: Mapping[str, str], address: str = LOOPBACK, auth: str | None = None
    ) -> None:
        """``settings``: environment variables of its processes, besides those of every session. ``auth``: the
        authentication string that clients need, ``user:password``.
        """
        (self.port,) = free_ports(1)
        self.home, self._address = home, address
        self.url = f"http://{address}:{self.port}/api"
        self.api = Api(self.url, auth)
        secrets = {} if auth is None else {"PREFECT_SERVER_API_AUTH_STRING": auth, "PREFECT_API_AUTH_STRING": auth}
        self.processes = Processes(python, home, {**_settings(self.url, home), **secrets, **settings})

    async def start(self) -> None:
        """Start the server. After a stop, it comes back with the same address and data."""
        options = ("--host", self._address, "--port", f"{self.port}")
        self._process = self.processes.prefect("server", "server", "start", *options)
        await self.until("the server", self.api.is_up)

    async def stop(self) -> None:
        """Shut the server down, and return when it is gone."""
        await asyncio.to_thread(ended, self._process, signal.SIGTERM, _STOPPING)

    async def kill(self) -> None:
        """Kill the server and its serving process."""
        os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)

    async def at_work(self, file: str, name: str, pool: str, type_: str) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until it is at work. ``file``: the name of its log."""
        options = ("--type", type_, "--pool", pool, "--name", name)
        process = self.processes.prefect(file, "worker", "start", *options)
        log = self.home / f"{file}.log"

        async def online() -> bool:  # a worker logs this after its first event, so it polls by then
            return "started!" in log.read_text(errors="replace")

        await self.until(f"worker {name}", online)
        return process

    async def state(self, run: str, states: Collection[str] = ENDS) -> None:
        """Wait until a flow run is in a state of one of these types."""
        what = f"flow run {run} to be {', '.join(sorted(states))}"
        await self.until(what, partial(self._is_in, run, states))

    async def over(self, run: str, within: float) -> bool:
        """Wait for a flow run to end, which may never happen; return whether it did."""
        return await comes(partial(self._is_in, run, ENDS), within)

    async def quiet(self, within: float, least: float) -> None:
        """Wait until the server's number of events has not changed for ``least`` seconds."""
        count, since, until = -1, time.monotonic(), time.monotonic() + within
        while time.monotonic() - since < least:
            if (total := await self.api.total()) != count:
                count, since = total, time.monotonic()
            if time.monotonic() > until:
                raise Stuck(f"events kept coming for {within:.0f} s.")
            await asyncio.sleep(0.5)

    async def until(self, what: str, come: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something to come. Raises `Stuck` if it does not."""
        if not await comes(come, _SLOW):
            raise Stuck(f"waited {_SLOW:.0f} s for {what}.")

    async def _is_in(self, run: str, states: Collection[str]) -> bool:
        return await self.api.state(run) in states


async def comes(come: Callable[[], Awaitable[bool]], within: float) -> bool:
    """Wait for something to come; return whether it did."""
    until = time.monotonic() + within
    while not await come():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(_EVERY)
    return True


def direct(url: str) -> Mapping[str, str]:
    """Environment variables that keep proxies off the way to an address."""
    host = urlsplit(url).hostname or ""
    return {"NO_PROXY": host, "no_proxy": host}


def _settings(url: str, home: Path) -> Mapping[str, str]:
    """The server's settings as environment variables. A release ignores those that it does not know."""
    return {
        "PREFECT_API_URL": url,
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
        "PREFECT_API_DATABASE_TIMEOUT": "60",
        "PREFECT_API_DATABASE_CONNECTION_TIMEOUT": "60",
        "PREFECT_API_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_UI_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_CLI_COLORS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
        **direct(url),
    }

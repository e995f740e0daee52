"""A server of Prefect that a session has to itself, and what is waited for on it."""

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
"""Seconds that something may take on a busy machine before the session is given up."""
_STOPPING: Final = 30.0
"""Seconds that the server has to stop in."""
_EVERY: Final = 0.5
"""Seconds between looks: each costs SQLite something."""


class Stuck(Exception):
    """The session does not go on; the message says at what."""


class Server:
    """A server, in a home of its own."""

    def __init__(
        self, python: Path, home: Path, settings: Mapping[str, str], address: str = LOOPBACK, auth: str | None = None
    ) -> None:
        """``settings``: environment variables of its processes, besides those that all sessions have. ``auth``: what
        clients must know, as ``user:password``.
        """
        (self.port,) = free_ports(1)
        self.home, self._address = home, address
        self.url = f"http://{address}:{self.port}/api"
        self.api = Api(self.url, auth)
        secrets = {} if auth is None else {"PREFECT_SERVER_API_AUTH_STRING": auth, "PREFECT_API_AUTH_STRING": auth}
        self.processes = Processes(python, home, {**_settings(self.url, home), **secrets, **settings})

    async def start(self) -> None:
        """Start the server; one that was stopped comes back with its address and all that it has kept."""
        options = ("--host", self._address, "--port", f"{self.port}")
        self._process = self.processes.prefect("server", "server", "start", *options)
        await self.until("the server", self.api.is_up)

    async def stop(self) -> None:
        """End the server in order, and return when it is gone."""
        await asyncio.to_thread(ended, self._process, signal.SIGTERM, _STOPPING)

    async def kill(self) -> None:
        """End the server without notice, with the process that serves for it."""
        os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)

    async def at_work(self, file: str, name: str, pool: str, type_: str) -> subprocess.Popen[bytes]:
        """Start a worker, and wait for it to be at work. ``file``: of its log."""
        options = ("--type", type_, "--pool", pool, "--name", name)
        process = self.processes.prefect(file, "worker", "start", *options)
        log = self.home / f"{file}.log"

        async def online() -> bool:  # it polls before it sends its first event, and says this after
            return "started!" in log.read_text(errors="replace")

        await self.until(f"worker {name}", online)
        return process

    async def state(self, run: str, states: Collection[str] = ENDS) -> None:
        """Wait for a flow run to be in a state of one of these types."""
        what = f"flow run {run} to be {', '.join(sorted(states))}"
        await self.until(what, partial(self._is_in, run, states))

    async def over(self, run: str, within: float) -> bool:
        """Wait for a flow run to end, as it may never do; return whether it did."""
        return await comes(partial(self._is_in, run, ENDS), within)

    async def quiet(self, within: float, least: float) -> None:
        """Wait for the server to have as many events as before for ``least`` seconds."""
        count, since, until = -1, time.monotonic(), time.monotonic() + within
        while time.monotonic() - since < least:
            if (total := await self.api.total()) != count:
                count, since = total, time.monotonic()
            if time.monotonic() > until:
                raise Stuck(f"events kept coming for {within:.0f} s.")
            await asyncio.sleep(0.5)

    async def until(self, what: str, come: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something. Raises `Stuck`: it did not come."""
        if not await comes(come, _SLOW):
            raise Stuck(f"waited {_SLOW:.0f} s for {what}.")

    async def _is_in(self, run: str, states: Collection[str]) -> bool:
        return await self.api.state(run) in states


async def comes(come: Callable[[], Awaitable[bool]], within: float) -> bool:
    """Wait for something; return whether it came."""
    until = time.monotonic() + within
    while not await come():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(_EVERY)
    return True


def direct(url: str) -> Mapping[str, str]:
    """As environment variables: no proxy on the way there."""
    host = urlsplit(url).hostname or ""
    return {"NO_PROXY": host, "no_proxy": host}


def _settings(url: str, home: Path) -> Mapping[str, str]:
    """As environment variables. Those that a release does not know, it ignores."""
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

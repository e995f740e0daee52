"""The events that a Prefect server still has, as lines. `replay --prefect` reads them in place of files."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.progress import MofNCompleteColumn

from correlator.bridge.answers import ServerEvent
from correlator.bridge.api import Api
from correlator.bridge.reading import Read, read
from correlator.bridge.server import server_of
from correlator.bridge.times import RETENTION, Interval
from correlator.commands.progress import progress
from correlator.moments import moment_of
from correlator.settings import Settings

GIVE_UP_AFTER: Final = 60.0
"""Seconds to wait for a server that goes away meanwhile."""


class ServerLines:
    """The events of a server since a moment, in the order in which they occurred."""

    def __init__(self, settings: Settings, since: datetime | None, console: Console) -> None:
        """``since``: the beginning; None for all that a server keeps by default. Raises `SettingsError`."""
        self._server, self._names = server_of(settings, os.environ), settings.bridge_events
        self._since = moment_of(datetime.now(UTC)) - RETENTION if since is None else moment_of(since)
        self._console = console

    @property
    def name(self) -> str:
        """The server's URL."""
        return self._server.url

    def __iter__(self) -> Iterator[bytes]:
        """Read the events, showing progress. Raises `Failure`."""
        api = Api(self._server, self._names, give_up_after=GIVE_UP_AFTER)
        with asyncio.Runner() as runner, progress(self._console, MofNCompleteColumn()) as bar:
            runner.run(api.__aenter__())
            try:
                task = bar.add_task(self.name, total=runner.run(api.estimate(Interval(self._since))) or None)
                pages = read(api, Interval(self._since))
                while (events := runner.run(_next(pages))) is not None:
                    yield from (event.value for event in events)
                    bar.advance(task, len(events))
            finally:
                runner.run(api.__aexit__(None, None, None))


async def _next(pages: AsyncIterator[Read]) -> list[ServerEvent] | None:
    page = await anext(pages, None)
    return None if page is None else page.events

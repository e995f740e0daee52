"""A session from start to finish, and the file that it leaves."""

import asyncio
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sessions.api import Refused
from sessions.deeds import Done
from sessions.driver import Driver
from sessions.kept import keep
from sessions.release import Release
from sessions.scenes import play
from sessions.server import Stuck

Event: TypeAlias = dict[str, Any]


class NotDriven(Exception):
    """The session was not completed; the message says why."""


def drive(release: Release, python: Path, file: Path, say: Callable[[str], None], *, long: bool) -> None:
    """Drive a session on the release, and keep it in ``file``, with its processes' logs beside it.

    ``long``: include what takes more than 5 minutes. Raises `NotDriven`.
    """
    with at_home(file) as home:
        events, done = asyncio.run(_driven(release, python, home, say, long=long))
        keep(file, events, done)


@contextmanager
def at_home(file: Path) -> Iterator[Path]:
    """A temporary home for a session that goes to ``file``. Its logs are kept beside that. Raises `NotDriven`."""
    home = Path(tempfile.mkdtemp(prefix="prefect-session-")).resolve()
    try:
        yield home
    except (Stuck, Refused, ExceptionGroup) as error:
        if said := _said(error):
            raise NotDriven(said) from None
        raise
    finally:
        keep_logs(home, file.with_suffix(".logs"))
        shutil.rmtree(home, ignore_errors=True)


def keep_logs(home: Path, into: Path) -> None:
    """Copy the logs of a home's processes into a directory of their own."""
    shutil.rmtree(into, ignore_errors=True)  # left by an earlier session
    into.mkdir(parents=True)
    for log in home.glob("*.log"):
        shutil.copy(log, into)


async def _driven(
    release: Release, python: Path, home: Path, say: Callable[[str], None], *, long: bool
) -> tuple[list[Event], Done]:
    driver = Driver(python, home, say)
    try:
        async with driver.api:
            began = time.monotonic()
            await driver.start()
            say(f"a server of Prefect {release} is up")
            done = await driven(driver, release, python, began, long=long)
            return await driver.api.events(), done
    finally:
        await asyncio.to_thread(driver.processes.close)


async def driven(
    driver: Driver, release: Release, python: Path, began: float, *, long: bool, killed: bool = True
) -> Done:
    """Drive a session on a running server until no more events come. ``began``: its start, by the monotonic clock.

    ``long`` and ``killed``: as for `play`. Raises `Stuck` and `Refused`.
    """
    await play(driver, long=long, killed=killed)
    await driver.quiet(60, 6)
    runs = dict.fromkeys(deed.subject for deed in driver.deeds if not deed.plot.is_worker)
    states = {run: await driver.api.states(run) for run in runs}
    deeds = sorted(driver.deeds, key=lambda deed: deed.since)
    return Done(str(release), _version(python), round(time.monotonic() - began, 1), deeds, states)


def _said(error: Exception) -> str:
    """What went wrong on Prefect's side, in words; empty if nothing did."""
    if isinstance(error, ExceptionGroup):
        return " ".join(filter(None, map(_said, error.exceptions)))
    return f"{error}" if isinstance(error, Stuck | Refused) else ""


def _version(python: Path) -> str:
    """The version of the Python that ran Prefect, else of this one."""
    said = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return said.stdout.split()[-1] if said.returncode == 0 else platform.python_version()

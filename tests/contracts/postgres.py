"""A PostgreSQL of the tests' own: a private cluster in a temporary directory, spoken to by a Unix socket."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from local.keeping import Keeper

USER = "postgres"
PATIENCE = 30
"""Seconds that a cluster may take to answer."""


class NoPostgres(Exception):
    """It is not to be had. The text is a sentence."""


@contextmanager
def private_postgres() -> Iterator[str]:
    """Start one and stop it at the end; gives the connection string of an empty cluster. Raises `NoPostgres`."""
    programs = _programs()
    as_user = _as_another_user()
    keeper = Keeper()
    try:
        data, log = keeper.directory / "data", keeper.directory / "log"
        if as_user:
            shutil.chown(keeper.directory, USER, USER)
        _initialise([*as_user, str(programs / "initdb")], data)
        keeper.run(
            *as_user,
            *(str(programs / "postgres"), "-D", str(data), "-k", str(keeper.directory)),
            *("-c", "listen_addresses=", "-c", "fsync=off"),
        )
        dsn = f"host={keeper.directory} user={USER} dbname=postgres"
        _wait_for(dsn, keeper, log)
        yield dsn
        keeper.signal(signal.SIGQUIT)  # at once, and it clears its shared memory away
        keeper.exit_code(PATIENCE)
    finally:
        keeper.close()


def _programs() -> Path:
    """The directory of the newest server that is installed: Debian puts none on the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = shutil.which("initdb") or (installed[-1] if installed else None)
    if found is None:
        raise NoPostgres("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    return Path(found).resolve().parent


def _as_another_user() -> list[str]:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise NoPostgres("PostgreSQL does not run as root, and setpriv (util-linux) is not there to change that")
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]


def _initialise(initdb: list[str], data: Path) -> None:
    command = [*initdb, "-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-sync"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/")
    if ended.returncode != 0:
        raise NoPostgres(f"initdb failed: {ended.stderr.strip()}")


def _wait_for(dsn: str, keeper: Keeper, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError as error:
            if keeper.exit_code() is not None or time.monotonic() > until:
                raise NoPostgres(f"PostgreSQL did not start: {error}\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return

"""Published records, a PostgreSQL and kcat.

Where one of the latter is not to be had, a test is skipped, or fails where REQUIRE_POSTGRES=1, REQUIRE_KCAT=1.
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.contracts.examples import TABLES
from tests.contracts.postgres import NoPostgres, private_postgres
from tests.contracts.publishing import Published, publish
from tests.stage.running import stages


def _missing(what: str, why: str) -> None:
    if os.environ.get(f"REQUIRE_{what}", "0") not in {"", "0"}:
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


@pytest.fixture(scope="session")
def published(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """What a stage published; it has ended."""
    with stages(tmp_path_factory.mktemp("published")) as make:
        yield asyncio.run(publish(make(kafka, INPUT_KEYED_BY="subject")))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The connection string of a PostgreSQL."""
    with ExitStack() as stack:
        try:
            dsn = stack.enter_context(private_postgres())
        except NoPostgres as error:
            _missing("POSTGRES", str(error))
        yield dsn


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The connection string of a database of the test's own, with the tables."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
        dsn = make_conninfo(postgres, dbname=name)
        with psycopg.connect(dsn) as own:
            own.execute(TABLES.read_text())
        yield dsn
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def kcat() -> None:
    """Ask for kcat."""
    if shutil.which("kcat") is None:
        _missing("KCAT", "kcat is not installed (Debian: apt-get install kcat)")

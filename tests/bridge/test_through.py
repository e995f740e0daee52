"""Every record that bridge and stage make of a real Prefect server says what was done, and agrees with Prefect."""

from pathlib import Path

import pytest

from tests.bridge.scene import Scene
from tests.bridge.through import through

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.timeout(300)
async def test_every_record_is_what_was_done(scene: Scene, prefect: Path) -> None:
    """A worker is stopped; runs complete, fail, exit, are retried and cancelled; and so is a run of a served flow."""
    done, outcome, rows = await through(scene, prefect, killed=False)
    assert outcome.figures.is_exact, outcome
    assert [row for row in rows if row.wrong] == []
    assert len(rows) == len(done.deeds) == 10

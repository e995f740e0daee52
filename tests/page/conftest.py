import os

import pytest

from tests.page.chromium import a_tab, installed


@pytest.fixture
async def tab(tmp_path):
    """A tab of a real Chromium. Skips the test if none is installed, unless REQUIRE_CHROMIUM is set."""
    program = installed()
    if program is None:
        report = pytest.fail if os.environ.get("REQUIRE_CHROMIUM") else pytest.skip
        report("no Chromium is installed: apt-get install chromium")
    async with a_tab(program, tmp_path / "profile") as opened:
        yield opened

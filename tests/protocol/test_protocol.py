"""The search of the engine's protocol (docs/protocol.md): nothing is lost, nothing happens twice, nothing stays undone.

``PROTOCOL_LONGER=1`` searches for some minutes, ``python -m tests.protocol --faults 3`` for as long as you like, and
``--without GUARD`` shows what goes wrong.
"""

import os

import pytest

from tests.protocol.guards import HOLDS, LONGER, NEEDED, SPARED
from tests.protocol.search import search
from tests.protocol.telling import told


def held(setting):
    result = search(setting)
    print(f"{result.states:,} states, {result.steps:,} steps")
    assert result.whole, "\n".join(told(result))


@pytest.mark.parametrize("name", HOLDS)
def test_nothing_goes_wrong(name):
    held(HOLDS[name])


@pytest.mark.timeout(3600)
@pytest.mark.skipif("PROTOCOL_LONGER" not in os.environ, reason="takes minutes: set PROTOCOL_LONGER")
@pytest.mark.parametrize("name", LONGER)
def test_nothing_goes_wrong_in_what_takes_longer(name):
    held(LONGER[name])


@pytest.mark.parametrize("name", NEEDED)
def test_done_like_this_something_goes_wrong(name):
    result = search(NEEDED[name])
    print(*told(result), sep="\n")
    assert result.wrong is not None


@pytest.mark.parametrize("name", SPARED)
def test_done_like_this_nothing_goes_wrong_either(name):
    held(SPARED[name])

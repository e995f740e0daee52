"""Settings come from the tests, not from the environment in which they run."""

import os

import pytest


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in os.environ:
        if name.upper().startswith("CORRELATOR_"):
            monkeypatch.delenv(name)

"""Settings come from a test, not from the environment of whoever runs it."""

import os

import pytest


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in os.environ:
        if name.upper().startswith("CORRELATOR_"):
            monkeypatch.delenv(name)

"""Errors about settings, and the names of their variables."""

from typing import Final

VARIABLE_PREFIX: Final = "CORRELATOR_"
"""The prefix of every setting's variable."""


class SettingsError(Exception):
    """The settings are invalid. The text names each variable and what is wrong with it, one sentence per line."""


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return f"{VARIABLE_PREFIX}{field.upper()}"

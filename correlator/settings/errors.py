"""What is said of a setting: the variable that it is, and what is wrong with it."""

from typing import Final

VARIABLE_PREFIX: Final = "CORRELATOR_"
"""What every setting's variable begins with."""


class SettingsError(Exception):
    """The settings are invalid. The text names each variable and what is wrong with it, one sentence per line."""


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return f"{VARIABLE_PREFIX}{field.upper()}"

"""The names under which work pools are counted: as records name them, cut to a bounded length."""

from typing import Final

from correlator.event import Named

NONE: Final = "<none>"
"""Stands for no pool, and for a pool without a name. No pool can have this name: Prefect allows neither ``<`` nor ``>``
in names (``BANNED_CHARACTERS`` in its ``prefect.types``)."""

OTHER: Final = "<other>"
"""Stands for all pools beyond a bound: people create pools at will, but series by pool must be bounded."""

MAX_LENGTH: Final = 200
"""The longest name, in characters. Pools whose names begin with the same 200 characters count as one."""


def called(pool: Named | None) -> str:
    """The name under which a pool is counted."""
    return NONE if pool is None else (pool.name or NONE)[:MAX_LENGTH]

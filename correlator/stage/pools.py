"""What a work pool is called where pools are told apart and counted: as records name it, within a length."""

from typing import Final

from correlator.event import Named

NONE: Final = "<none>"
"""Stands for no pool, or one without a name. No pool is called so: Prefect allows neither ``<`` nor ``>`` in names
(``BANNED_CHARACTERS`` in its ``prefect.types``)."""

OTHER: Final = "<other>"
"""Stands for all pools beyond a bound: people name pools, and what is told by pool must have bounds."""

LONGEST: Final = 200
"""Characters of a name. Pools whose names begin with the same 200 are one."""


def called(pool: Named | None) -> str:
    """The pool's name, or `NONE`."""
    return NONE if pool is None else (pool.name or NONE)[:LONGEST]

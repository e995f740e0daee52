"""A subject's state as bytes in the table."""

from typing import Final

from correlator.core.state import SubjectState
from correlator.versioned import Format, encode


class UnreadableState(Exception):
    """The bytes are not a state that any release wrote."""


class ForeignState(Exception):
    """Another release wrote the state, and this one must not guess what it means."""


decode: Final = Format(SubjectState, "a state", unreadable=UnreadableState, foreign=ForeignState).decode
"""The state that `encode` wrote. Raises `UnreadableState` or `ForeignState`, and nothing else."""

__all__ = ["ForeignState", "UnreadableState", "decode", "encode"]

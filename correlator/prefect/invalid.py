"""The one exception of this package."""

from typing import Final

from correlator.event import JSON

MAX_QUOTED: Final = 60
"""How many characters of the input a reason may quote."""


class InvalidEvent(Exception):
    """The bytes name one of our events but are not a valid one. The text says why, briefly and without a full stop.

    It quotes at most a few dozen characters of the input, so that it can travel in a dead letter's header.
    """


def quoted(value: JSON) -> str:
    """The value for an error message: the beginning of a text, or the kind of any other value."""
    match value:
        case str():
            return repr(value if len(value) <= MAX_QUOTED else f"{value[:MAX_QUOTED]}…")
        case dict():
            return "an object"
        case list():
            return "a list"
        case None:
            return "null"
        case _:
            return "a number or a truth value"

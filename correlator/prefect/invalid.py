"""The one exception of this package."""

from typing import Final

from correlator.event import JSON

MAX_QUOTED: Final = 60
"""Characters of the input in a reason."""


class InvalidEvent(Exception):
    """The bytes name one of our events and are no valid one. The text says why, in a short sentence, no full stop.

    It quotes at most a few dozen characters of the input, so that it can travel in a dead letter's header.
    """


def quoted(value: JSON) -> str:
    """What was found instead: the beginning of a text, or what kind of thing it is."""
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

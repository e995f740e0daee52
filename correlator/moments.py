"""Times and spans of time, in whole microseconds. They are exact, and type checkers keep them apart."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from typing import overload

    class Span(int):
        """How long something takes, in microseconds."""

        def __add__(self, other: "Span") -> "Span": ...  # type: ignore[override]
        def __sub__(self, other: "Span") -> "Span": ...  # type: ignore[override]
        def __mul__(self, times: int) -> "Span": ...
        def __rmul__(self, times: int) -> "Span": ...
        def __neg__(self) -> "Span": ...

    class Moment(int):
        """A point in time, in microseconds since 1970-01-01 UTC."""

        def __add__(self, span: Span) -> "Moment": ...  # type: ignore[override]
        @overload  # type: ignore[override]
        def __sub__(self, other: "Moment") -> Span: ...
        @overload
        def __sub__(self, other: Span) -> "Moment": ...
        def __sub__(self, other: object) -> object: ...

else:  # plain integers at run time: objects would cost more than everything done with them
    Moment: TypeAlias = int
    Span: TypeAlias = int

MICROSECOND: Final = Span(1)
SECOND: Final = 1_000_000 * MICROSECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

END_OF_TIME: Final = Moment(1 << 62)
"""A low watermark later than every deadline."""

EPOCH: Final = datetime.fromtimestamp(0, UTC)
"""The moment 0."""

_STEP: Final = timedelta(microseconds=1)


def moment_of(date: datetime) -> Moment:
    """The moment of a date, which must have an offset."""
    return Moment((date - EPOCH) // _STEP)


def span_of(length: timedelta) -> Span:
    """The span of a timedelta, exactly."""
    return Span(length // _STEP)

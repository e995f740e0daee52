"""Times and spans of time, which no type checker lets anybody swap. Both are whole microseconds, and exact."""

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
        """When something is, in microseconds since 1970-01-01 UTC."""

        def __add__(self, span: Span) -> "Moment": ...  # type: ignore[override]
        @overload  # type: ignore[override]
        def __sub__(self, other: "Moment") -> Span: ...
        @overload
        def __sub__(self, other: Span) -> "Moment": ...
        def __sub__(self, other: object) -> object: ...

else:  # plain integers when it runs: an object of ours for each would cost more than all that is done with it
    Moment: TypeAlias = int
    Span: TypeAlias = int

MICROSECOND: Final = Span(1)
SECOND: Final = 1_000_000 * MICROSECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

END_OF_TIME: Final = Moment(1 << 62)
"""A low watermark that everything has passed."""

EPOCH: Final = datetime.fromtimestamp(0, UTC)
"""From when on moments count."""

_STEP: Final = timedelta(microseconds=1)


def moment_of(date: datetime) -> Moment:
    """The moment that a date with an offset names."""
    return Moment((date - EPOCH) // _STEP)


def span_of(length: timedelta) -> Span:
    """A length of time, of what is exact to the microsecond."""
    return Span(length // _STEP)

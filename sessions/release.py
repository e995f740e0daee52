"""A release of Prefect, and how its events differ from those of others."""

import re
from datetime import date
from typing import Final, NamedTuple, Self

DEFAULT: Final = "3.9.1"
"""The release of `demo/sample`."""

BUILT: Final = {
    (3, 0, 11): date(2024, 10, 24),
    (3, 1, 15): date(2025, 1, 30),
    (3, 2, 15): date(2025, 3, 28),
    (3, 3, 7): date(2025, 4, 28),
    (3, 4, 25): date(2025, 10, 23),
    (3, 5, 0): date(2025, 10, 31),
    (3, 6, 29): date(2026, 5, 1),
    (3, 7, 8): date(2026, 7, 9),
    (3, 8, 8): date(2026, 10, 6),
    (3, 9, 1): date(2026, 10, 30),
}
"""When the last release of each minor version was built, as `prefect version` says."""


class Release(NamedTuple):
    """A release; releases compare in the usual order."""

    major: int
    minor: int
    patch: int

    @classmethod
    def of(cls, text: str) -> Self:
        """The release with this version. Raises `ValueError` if it is not a release of Prefect 3."""
        found = re.fullmatch(r"(3)\.(\d+)\.(\d+)", text)
        if found is None:
            raise ValueError(f"{text!r} is no release of Prefect 3, such as {DEFAULT}.")
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return ".".join(map(str, self))

    @property
    def built(self) -> date | None:
        """The day that its dependencies are installed as of: it was out by then. None if it is newer than `BUILT`."""
        return next((day for version, day in BUILT.items() if version >= self), None)

    @property
    def tells_stops(self) -> bool:
        """Whether a worker's last event reaches the server before its process ends."""
        return self >= (3, 1, 3)

    @property
    def cancels_served(self) -> bool:
        """Whether a run of a flow that is served can be cancelled: its runner may not know the process to kill."""
        return not Release(3, 2, 8) <= self < Release(3, 3, 4)

    @property
    def raised_exit(self) -> int:
        """The exit code of the process of a flow that raised."""
        return 0 if self >= (3, 8, 4) else 1

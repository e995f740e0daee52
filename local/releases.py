"""Releases of Apache Kafka, and what of them makes a difference here."""

from typing import Final, NamedTuple, Self


class Release(NamedTuple):
    """A release; compared as numbers."""

    major: int
    minor: int
    patch: int

    @classmethod
    def of(cls, version: str) -> Self:
        """The release of a version such as ``2.8.2``. Raises `ValueError`."""
        major, minor, patch = map(int, version.split("."))
        return cls(major, minor, patch)

    @property
    def needs_zookeeper(self) -> bool:
        """Whether its brokers are not meant to do without yet: KRaft is for production since 3.3 (KIP-833)."""
        return self < (3, 3)

    @property
    def is_refused(self) -> bool:
        """Whether the stage does not start on it (KIP-447)."""
        return self < (2, 5)

    @property
    def lists_transactions(self) -> bool:
        """Whether a worker learns what a dead one has left open, and ends it (KIP-664)."""
        return self >= (3, 0)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


TRIED: Final = tuple(
    map(Release.of, ("2.4.1", "2.5.1", "2.8.2", "3.0.2", "3.3.2", "3.6.2", "3.9.1", "4.0.0", "4.1.2", "4.4.0"))
)
"""The last that is refused and the first that is not; the last before and the first with ListTransactions; the first
without ZooKeeper; the first of each major; the tests' own; the newest.
"""

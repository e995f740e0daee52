"""Stands for the engine in tests of the stages without a broker."""

from collections.abc import Iterator, Mapping

from correlator.stage.tally import Tally


class Entries:
    """A table whose changes are committed at once."""

    changelog_topic_name = "changelog"

    def __init__(self) -> None:
        self._entries = dict[bytes, bytes]()

    def entries(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._entries.items())

    def get_committed(self, partition: int, key: bytes) -> bytes | None:
        return self._entries.get(key)

    def stamp(self, partition: int) -> object:
        """A new stamp every time, so that a partition is always read from its entries."""
        return object()

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self._entries.pop(key, None)
            else:
                self._entries[key] = value


class Uncounted:
    def add(self, tally: Tally) -> None:
        """Do nothing: other tests are about counting."""

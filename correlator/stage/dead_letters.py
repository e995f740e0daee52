"""Dead letters: what cannot be used though it should count. Each has the original bytes, their place and the reason."""

from typing import NamedTuple

from correlator.engine import OVERHEAD, Headers, Message, Received
from correlator.partitioner import partition_for

HEADER_PREFIX = "__streams.errors."
"""The prefix of Kafka Streams' header names (KIP-1034), so that its tools can read our dead letters."""


class DeadLetters(NamedTuple):
    """The dead-letter topic."""

    topic: str
    partitions: int
    max_message_bytes: int

    def letter(self, topic: str, partition: int, record: Received, reason: Exception) -> Message:
        """The letter for a record that cannot be used, with its original key, value and headers."""
        added = [*_headers(topic, partition, reason), (HEADER_PREFIX + "offset", b"%d" % record.offset)]
        return self._fitting(partition, record.key, record.value, record.headers, added)

    def entry(self, topic: str, partition: int, key: bytes, value: bytes, reason: Exception) -> Message:
        """The letter for a table's entry that cannot be read; ``topic`` is the table's changelog."""
        return self._fitting(partition, key, value, (), _headers(topic, partition, reason))

    def _fitting(
        self,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        original: Headers,
        added: list[tuple[str, bytes]],
    ) -> Message:
        """The letter, small enough for its topic: if need be without its value, then without its original headers, then
        without its key. Its headers say what was left out, and where the original is.
        """
        sizes = {"value": len(value or b""), "headers": _size(original), "key": len(key or b"")}
        excess = sum(sizes.values()) + _size(added) + OVERHEAD - self.max_message_bytes
        left_out = set[str]()
        for part, size in sizes.items():
            if size and excess > 0:
                added.append((HEADER_PREFIX + part, f"left out: {size} bytes are too many for {self.topic}".encode()))
                left_out.add(part)
                excess -= size
        return Message(
            self.topic,
            partition % self.partitions if key is None else partition_for(key, self.partitions),
            None if "key" in left_out else key,
            None if "value" in left_out else value,
            added if "headers" in left_out else [*original, *added],
        )


def _headers(topic: str, partition: int, reason: Exception) -> list[tuple[str, bytes]]:
    facts = {"exception": type(reason).__name__, "message": str(reason), "topic": topic, "partition": str(partition)}
    return [(HEADER_PREFIX + name, fact.encode(errors="replace")) for name, fact in facts.items()]


def _size(headers: Headers) -> int:
    return sum(len(name.encode()) + len(text or b"") + 8 for name, text in headers)

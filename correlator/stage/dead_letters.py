"""Dead letters: what should have counted and cannot, with its bytes, where it came from, and why."""

from typing import NamedTuple

from correlator.engine import Headers, Message, Received
from correlator.partitioner import partition_for

PREFIX = "__streams.errors."
"""Kafka Streams' header names (KIP-1034), so that its tools read ours."""

OVERHEAD = 1024
"""Bytes kept free of what a topic takes, for the record batch around a record and the headers that we add."""


class DeadLetters(NamedTuple):
    """The dead-letter topic."""

    topic: str
    partitions: int
    max_message_bytes: int

    def letter(self, topic: str, partition: int, record: Received, reason: Exception) -> Message:
        """A record that cannot be used, with its original key, value and headers."""
        headers = [*record.headers, *_headers(topic, partition, reason), (PREFIX + "offset", b"%d" % record.offset)]
        return self._fitting(partition, record.key, record.value, headers)

    def entry(self, topic: str, partition: int, key: bytes, value: bytes, reason: Exception) -> Message:
        """A table's entry that cannot be read; ``topic`` is its changelog."""
        return self._fitting(partition, key, value, _headers(topic, partition, reason))

    def _fitting(self, partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> Message:
        """Too large for the topic, a letter goes without its value and says so: the original lies where the headers
        tell.
        """
        size = len(key or b"") + len(value or b"") + sum(len(name) + len(text or b"") + 8 for name, text in headers)
        if value is not None and size + OVERHEAD > self.max_message_bytes:
            headers.append((PREFIX + "value", f"left out: {len(value)} bytes are too many for {self.topic}".encode()))
            value = None
        to = partition % self.partitions if key is None else partition_for(key, self.partitions)
        return Message(self.topic, to, key, value, headers)


def _headers(topic: str, partition: int, reason: Exception) -> Headers:
    facts = {"exception": type(reason).__name__, "message": str(reason), "topic": topic, "partition": str(partition)}
    return [(PREFIX + name, fact.encode(errors="replace")) for name, fact in facts.items()]

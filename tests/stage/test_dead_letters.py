"""Dead letters fit into their topic: parts that are too large are left out, and a header says so."""

from typing import NamedTuple

import pytest

from correlator.partitioner import partition_for
from correlator.prefect import InvalidEvent
from correlator.stage.dead_letters import DeadLetters
from tests.engine.fakes import Record

LETTERS = DeadLetters("letters", 4, 10_000)
ADDED = [f"__streams.errors.{name}" for name in ("exception", "message", "topic", "partition", "offset")]


class Kept(NamedTuple):
    key: bool
    value: bool
    headers: bool


@pytest.mark.parametrize(
    "key, value, header, kept",
    [
        (100, 100, 100, Kept(key=True, value=True, headers=True)),
        (100, 20_000, 100, Kept(key=True, value=False, headers=True)),
        (100, 100, 20_000, Kept(key=True, value=False, headers=False)),
        (100, 20_000, 20_000, Kept(key=True, value=False, headers=False)),
        (20_000, 100, 100, Kept(key=False, value=False, headers=False)),
        (4_000, 4_000, 4_000, Kept(key=True, value=False, headers=True)),
        (7_000, 7_000, 7_000, Kept(key=True, value=False, headers=False)),
    ],
)
def test_what_is_too_large_is_left_out(key: int, value: int, header: int, kept: Kept) -> None:
    record = Record(5, b"k" * key, b"v" * value, headers=(("original", b"h" * header),))
    letter = LETTERS.letter("raw", 3, record, InvalidEvent("no"))
    assert letter.partition == partition_for(record.key or b"", 4)
    assert letter.key == (record.key if kept.key else None)
    assert letter.value == (record.value if kept.value else None)
    names = [name for name, _ in letter.headers]
    missing = [name for name in ("value", "headers", "key") if not getattr(kept, name)]
    assert names == [*(["original"] if kept.headers else []), *ADDED, *(f"__streams.errors.{name}" for name in missing)]
    told = dict(letter.headers)
    if not kept.value:
        assert told["__streams.errors.value"] == b"left out: %d bytes are too many for letters" % value
    size = len(letter.key or b"") + len(letter.value or b"") + sum(len(n) + len(text) for n, text in letter.headers)
    assert size < 10_000


def test_what_is_not_there_is_not_left_out() -> None:
    letter = LETTERS.letter("raw", 3, Record(5, None, None, headers=(("original", b"h" * 20_000),)), InvalidEvent("no"))
    assert letter.partition == 3
    assert [name for name, _ in letter.headers] == [*ADDED, "__streams.errors.headers"]

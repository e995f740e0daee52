"""Judges a kept session on Kubernetes."""

from pathlib import Path

from msgspec import Struct

from sessions.judging import differing, in_every_order
from sessions.kept import kept, read
from sessions.kubernetes.comparing import Done, Row, compare
from sessions.replaying import records


class Judged(Struct, frozen=True):
    """The judgement of a session."""

    done: Done
    events: int
    rows: list[Row]
    orders: dict[str, int]
    """How many records differ if the events are read in another order, or as a subscriber received them."""


def judge(file: Path) -> Judged:
    """Replay a session's events, and compare the records. Raises `Unreadable` and `Failed`."""
    lines, done = kept(file, Done)
    first, orders = in_every_order(lines)
    said = records(read(heard(file)).splitlines())
    orders["as a subscriber heard them, repeats included"] = differing(first, said)
    return Judged(done, len(lines), compare(done, first.values()), orders)


def heard(file: Path) -> Path:
    """The file with the events that a subscriber received."""
    return file.with_suffix(".heard.jsonl")

"""A session as it is kept: its events as JSON Lines, and beside them what was done."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import orjson

KEPT: Final = Path("build", "sessions")
"""Where sessions are kept."""

T = TypeVar("T", bound=msgspec.Struct)


class Unreadable(Exception):
    """What was kept cannot be read; the message says why."""


def keep(file: Path, events: Iterable[dict[str, Any]], done: msgspec.Struct) -> None:
    """Write a session to ``file``, and what was done beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    _beside(file).write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=1))


def kept(file: Path, done: type[T]) -> tuple[list[bytes], T]:
    """The lines of a session's events, and what was done. Raises `Unreadable`."""
    events, beside = read(file), _beside(file)
    try:
        return events.splitlines(), msgspec.json.decode(read(beside), type=done)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"{beside} is not what was done in a session: {error}.") from None


def read(file: Path) -> bytes:
    """A file that was kept. Raises `Unreadable`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{error.filename} cannot be read: {error.strerror}.") from None


def _beside(file: Path) -> Path:
    return file.with_suffix(".done.json")

"""The files of a kept session: its events as JSON Lines, and what was done beside them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import orjson

KEPT: Final = Path("build", "sessions")
"""The directory of kept sessions."""

T = TypeVar("T", bound=msgspec.Struct)


class Unreadable(Exception):
    """A kept file cannot be read; the message says why."""


def keep(file: Path, events: Iterable[dict[str, Any]], done: msgspec.Struct) -> None:
    """Write a session's events to ``file``, and what was done to a file beside it."""
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
    """The bytes of a kept file. Raises `Unreadable`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{error.filename} cannot be read: {error.strerror}.") from None


def _beside(file: Path) -> Path:
    return file.with_suffix(".done.json")

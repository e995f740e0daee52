"""The format of values that only we read, in the table and between the stages: MessagePack by type, the version first.

A value of another version is refused as another release's. It never counts as damaged, since damaged values become dead
letters and leave the table.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from msgspec import MsgspecError, Struct, msgpack

T = TypeVar("T", bound=Struct)

MAX_QUOTED: Final = 160
"""The longest reason, in characters. It may quote the input, and goes into a dead letter's header."""

encode: Final[Callable[[Struct], bytes]] = msgpack.Encoder().encode
"""Encodes a value of any type that has a `Format`."""


class Format(Generic[T]):
    """The byte format of a type: an array of its fields, with the version, which is the type's tag, first."""

    def __init__(self, shape: type[T], what: str, *, unreadable: type[Exception], foreign: type[Exception]) -> None:
        """``what``: the type's name in error messages. ``unreadable``: raised for bytes that no release wrote;
        ``foreign``: for those that another release wrote.
        """
        self._decode = msgpack.Decoder(shape).decode
        self._version = shape.__struct_config__.tag
        self._what, self._unreadable, self._foreign = what, unreadable, foreign

    def decode(self, value: bytes) -> T:
        """Decode what `encode` wrote. Raises ``unreadable`` or ``foreign``, and nothing else."""
        try:
            return self._decode(value)
        except (MsgspecError, ValueError, RecursionError) as reason:
            raise self._refusal(value, reason) from None

    def _refusal(self, value: bytes, reason: Exception) -> Exception:
        ours, version = self._version, _version_of(value)
        if version is None or version == ours:
            return self._unreadable(f"not {self._what}: {str(reason)[:MAX_QUOTED]}")
        if version < 1:
            return self._unreadable(f"not {self._what}: no release wrote version {version}")
        return self._foreign(
            f"another release wrote this, in version {version}: this one reads {self._what} of version {ours} alone"
        )


def _version_of(value: bytes) -> int | None:
    try:
        fields = msgpack.decode(value)
    except (MsgspecError, ValueError, RecursionError):
        return None
    return fields[0] if isinstance(fields, list) and fields and type(fields[0]) is int else None

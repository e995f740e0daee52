"""What we write for ourselves, in the table and between the stages: MessagePack by its type, a version in front.

A release refuses what another one wrote in another version, and never takes it for damaged: that goes to the dead
letters, and from the table.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from msgspec import MsgspecError, Struct, msgpack

T = TypeVar("T", bound=Struct)

MAX_QUOTED: Final = 160
"""Characters of a reason, which may quote what was found: it travels in a dead letter's header."""

encode: Final[Callable[[Struct], bytes]] = msgpack.Encoder().encode
"""The bytes of anything that has a `Format`."""


class Format(Generic[T]):
    """A type as bytes: an array of its fields, the version first, which is the type's tag."""

    def __init__(self, shape: type[T], what: str, *, unreadable: type[Exception], foreign: type[Exception]) -> None:
        """``what`` it is, for errors: ``unreadable`` where no release wrote it, ``foreign`` where another did."""
        self._decode = msgpack.Decoder(shape).decode
        self._version = shape.__struct_config__.tag
        self._what, self._unreadable, self._foreign = what, unreadable, foreign

    def decode(self, value: bytes) -> T:
        """What `encode` wrote. Raises ``unreadable`` or ``foreign``, and nothing else."""
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

"""What we write for ourselves, in the table and between the stages: MessagePack by its type, a version in front.

A release refuses what a newer one wrote, and never takes it for damaged: workers are replaced one by one.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from msgspec import MsgspecError, Struct, msgpack

T = TypeVar("T", bound=Struct)

MOST_QUOTED: Final = 160
"""Characters of a reason, which may quote what was found: it travels in a dead letter's header."""

encode: Final[Callable[[Struct], bytes]] = msgpack.Encoder().encode
"""The bytes of anything that has a `Format`."""


class Format(Generic[T]):
    """A type as bytes: an array of its fields, the version first, which is the type's tag."""

    def __init__(self, shape: type[T], what: str, *, unreadable: type[Exception], newer: type[Exception]) -> None:
        """``what`` it is, for errors: ``unreadable`` where no release wrote it, ``newer`` where a newer one did."""
        self._decode = msgpack.Decoder(shape).decode
        self._version = shape.__struct_config__.tag
        self._what, self._unreadable, self._newer = what, unreadable, newer

    def decode(self, value: bytes) -> T:
        """What `encode` wrote. Raises ``unreadable`` or ``newer``, and nothing else."""
        try:
            return self._decode(value)
        except (MsgspecError, ValueError, RecursionError) as reason:
            raise self._refusal(value, reason) from None

    def _refusal(self, value: bytes, reason: Exception) -> Exception:
        ours, version = self._version, _version_of(value)
        if version is None or version == ours:
            return self._unreadable(f"not {self._what}: {str(reason)[:MOST_QUOTED]}")
        if isinstance(ours, int) and version > ours:
            return self._newer(
                f"a newer release wrote this, in version {version}: this one reads {self._what} up to version {ours}"
            )
        return self._unreadable(f"not {self._what}: no release wrote version {version}")


def _version_of(value: bytes) -> int | None:
    try:
        fields = msgpack.decode(value)
    except (MsgspecError, ValueError, RecursionError):
        return None
    return fields[0] if isinstance(fields, list) and fields and type(fields[0]) is int else None

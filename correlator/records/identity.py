"""Ids that the same events give again: the same record under the same id, after a restart, a replay, anywhere."""

from hashlib import sha1
from typing import Final

from correlator.event import Kind

NAMESPACE: Final = "2fdbdcf6-d7c2-5bdb-afc7-d1d9320cbadb"
"""Of record ids, for ever: the UUIDv5 of ``prefect.correlator`` in RFC 9562's namespace of domain names."""


def record_id(kind: Kind, event_id: str) -> str:
    """The id of a lifecycle's record: UUIDv5 of ``<kind>:<event id>`` in `NAMESPACE`.

    The event is the opening one, else the closing one, else the cancellation.
    """
    return uuid5(_NAMESPACE, f"{kind}:{event_id}")


def version_id(record: str, cause: str) -> str:
    """The id of a version of a record: UUIDv5 of the event or deadline that caused it, in the record's namespace."""
    return uuid5(bytes.fromhex(record.replace("-", "")), cause)


def uuid5(namespace: bytes, name: str) -> str:
    """RFC 9562's UUIDv5, as text; the namespace as its 16 bytes. A third of what ``uuid.uuid5`` takes."""
    digest = sha1(namespace + name.encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANT[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


_NAMESPACE = bytes.fromhex(NAMESPACE.replace("-", ""))
_VARIANT = {f"{digit:x}": f"{digit & 0b0011 | 0b1000:x}" for digit in range(16)}

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
    digest = _BEGUN[kind].copy()
    digest.update(event_id.encode())
    return _uuid5(digest.hexdigest())


def version_id(record: str, cause: str) -> str:
    """The id of a version of a record: UUIDv5 of the event or deadline that caused it, in the record's namespace."""
    return uuid5(bytes.fromhex(record.replace("-", "")), cause)


def uuid5(namespace: bytes, name: str) -> str:
    """RFC 9562's UUIDv5, as text; the namespace as its 16 bytes. A third of what ``uuid.uuid5`` takes."""
    return _uuid5(sha1(namespace + name.encode(), usedforsecurity=False).hexdigest())


def _uuid5(digest: str) -> str:
    variant = _VARIANT[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


_NAMESPACE = bytes.fromhex(NAMESPACE.replace("-", ""))
_BEGUN = {kind: sha1(_NAMESPACE + f"{kind}:".encode(), usedforsecurity=False) for kind in Kind}
"""The digest of what the names of all records of a kind begin with."""
_VARIANT = {f"{digit:x}": f"{digit & 0b0011 | 0b1000:x}" for digit in range(16)}

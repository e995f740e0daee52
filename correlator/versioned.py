"""What we write for ourselves, in the table and between the stages: a JSON array that begins with a version.

A release reads what earlier ones wrote, and never takes what a newer one wrote for damaged: workers are replaced one by
one.
"""

import orjson

from correlator.event import JSON


def behind_version(
    value: bytes, ours: int, what: str, *, unreadable: type[Exception], newer: type[Exception]
) -> list[JSON]:
    """What stands behind the version. Errors say ``what`` the value should be.

    Raises ``unreadable`` where no release wrote it and ``newer`` where a newer one did, and nothing else.
    """
    try:
        fields: JSON = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise unreadable(f"not {what}: not JSON: {error.msg}") from None
    if not isinstance(fields, list) or not fields or type(version := fields[0]) is not int:
        raise unreadable(f"not {what}: not a list that begins with a version")
    if version > ours:
        raise newer(f"a newer release wrote this, in version {version}: this one reads {what} up to version {ours}")
    if version != ours:
        raise unreadable(f"not {what}: no release wrote version {version}")
    del fields[0]
    return fields

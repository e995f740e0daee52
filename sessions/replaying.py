"""The records of a session, as the command `correlator replay` makes them."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

Record: TypeAlias = dict[str, Any]
Lines: TypeAlias = Sequence[bytes]

ORDERS: Final[Mapping[str, Callable[[Lines], Lines]]] = {
    "in order": lambda lines: lines,
    "in reverse": lambda lines: lines[::-1],
    "all twice": lambda lines: [*lines, *lines],
}
"""By name, the orders in which the events are read: all must give the same records."""

_CORRELATOR: Final = Path(sys.executable).with_name("correlator")


class Failed(Exception):
    """The command failed; the message is the command's."""


def records(lines: Lines) -> dict[str, Record]:
    """The last version of each record, by id. Raises `Failed`.

    Lifecycles that the session left open end as if time had run out.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CORRELATOR_")}
    command = (_CORRELATOR, "replay", "--flush", "-")
    given = b"".join(line + b"\n" for line in lines)
    done = subprocess.run(command, input=given, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise Failed(done.stderr.decode(errors="replace").strip())
    written = map(orjson.loads, done.stdout.splitlines())
    return {record["record_id"]: record for record in written}

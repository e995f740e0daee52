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
"""In which the events are read, by its name: the records must be the same."""

_CORRELATOR: Final = Path(sys.executable).with_name("correlator")


class Failed(Exception):
    """The command failed; the message has its words."""


def records(lines: Lines) -> dict[str, Record]:
    """By record id, the last version of each. Raises `Failed`.

    What the session left open ends as if time had run out.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CORRELATOR_")}
    command = (_CORRELATOR, "replay", "--flush", "-")
    given = b"".join(line + b"\n" for line in lines)
    done = subprocess.run(command, input=given, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise Failed(done.stderr.decode(errors="replace").strip())
    written = map(orjson.loads, done.stdout.splitlines())
    return {record["record_id"]: record for record in written}

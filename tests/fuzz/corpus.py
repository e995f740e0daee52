"""The corpus: what fuzzing begins with, and what it found that was worth keeping, an input a line in ``corpus.txt``.

``python -m tests.fuzz.corpus NAME DIRECTORY…`` packs into it what libFuzzer's directories hold, the smallest input
that it found for each way through the code: at most `MOST` a target, of all sizes.
"""

import base64
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from correlator import core, prefect, wire
from correlator.event import Phase
from correlator.moments import Moment
from demo.session import KUBERNETES, SAMPLE, SESSIONS, lines
from tests.prefect.events import OURS, READING
from tests.prefect.events import raw as written

CORPUS: Final = Path(__file__).with_name("corpus.txt")
MOST: Final = 70
LARGEST: Final = 2_000
"""Bytes of an input that is kept."""


def load(name: str) -> list[bytes]:
    """What is kept for a target."""
    lines = (line.split(" ") for line in CORPUS.read_text().splitlines()) if CORPUS.exists() else ()
    return [base64.b64decode(value) for target, value in lines if target == name]


def seeds(name: str) -> Iterator[bytes]:
    """Proper inputs of a target, made from real sessions: one of each kind of event; and those that are in none."""
    events = {}
    for line in [
        *map(written, OURS.values()),
        *(line for path in (*SESSIONS, KUBERNETES, SAMPLE) for line in lines(path)),
    ]:
        if (decoded := prefect.decode(line, READING)) is not None:
            event = decoded.event
            exit_ = event.said.exit if isinstance(event.said, Phase) else None
            events[decoded.kind, event.role, event.follows is None, event.worker is None, exit_] = (line, decoded)
    for line, decoded in events.values():
        event, key = decoded.event, decoded.subject.encode()
        if name == "raw":
            yield line
        elif name == "lifecycles":
            forwarded = wire.Forwarded(decoded.kind, event, decoded.details, Moment(3), 1, 2, event.occurred)
            yield bytes([len(key)]) + key + wire.encode(forwarded)
        elif name == "state":
            state: core.SubjectState | None = None
            for number in range(3):
                id_ = str(uuid.UUID(int=number))
                at = replace(event, id=id_, occurred=event.occurred + number * core.Rules().grace)
                told = replace(decoded.details, flow_run_name="another") if number else decoded.details
                known = state or core.SubjectState(decoded.kind, decoded.subject, told)
                state = core.on_event(known, at, told, at.occurred, at.occurred, core.Rules()).state
                if state is not None:
                    yield core.encode(state)
    if name == "lifecycles":
        yield b"\xff" + wire.encode(wire.Tick(1, 2, Moment(3)))
    if name == "clocks":
        yield core.Clocks(3, {0: Moment(1), 1: Moment(1 << 50), 2: Moment(7)}).encode()


def pack(name: str, directories: list[Path]) -> None:
    """Keep what is in the directories, and what is kept for other targets."""
    lines = CORPUS.read_text().splitlines() if CORPUS.exists() else []
    others = [line for line in lines if not line.startswith(f"{name} ")]
    found = {file.read_bytes() for directory in directories for file in directory.iterdir()}
    fitting = sorted((value for value in found if len(value) <= LARGEST), key=lambda value: (len(value), value))
    kept = fitting[:: len(fitting) // MOST + 1]
    packed = [f"{name} {base64.b64encode(value).decode()}" for value in kept]
    CORPUS.write_text("".join(f"{line}\n" for line in sorted(others + packed)))
    print(f"{name}: {len(kept)} of {len(found)} inputs kept, {CORPUS.stat().st_size} bytes in all")


if __name__ == "__main__":
    pack(sys.argv[1], [Path(argument) for argument in sys.argv[2:]])

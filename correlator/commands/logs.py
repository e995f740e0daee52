"""What the worker logs on stderr: our own messages at the level that is set, the libraries' from warnings on."""

import logging
import time
from collections.abc import Callable

LIBRARIES = ("aiokafka", "faust", "mode", "asyncio")

SERVICES = tuple(f"correlator.engine.{it}" for it in ("consumer", "reading", "table"))
"""Those of the engine that are services of Faust's: like the libraries, they say when they start."""

QUIET_FOR = 10.0
"""Seconds between two messages of one wording from a library: while a broker is away, aiokafka logs an error for every
connection ten times a second."""

FORGOTTEN_AFTER = 600.0
"""Seconds after which a wording that did not come again is forgotten, and with it what was held back of it."""


class Sparing(logging.Filter):
    """Lets a library's message of one wording through once per `QUIET_FOR`, and all of ours.

    One that passes again says how many were held back meanwhile: they may have been about other brokers.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}
        """When each wording passed last, and how many were held back since."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(LIBRARIES):
            return True
        now, wording = self._clock(), (record.name, record.msg)
        passed, held_back = self._said.get(wording, (now - QUIET_FOR, 0))
        if now - passed < QUIET_FOR:
            self._said[wording] = passed, held_back + 1
            return False
        self._said = {it: said for it, said in self._said.items() if now - said[0] < FORGOTTEN_AFTER}
        self._said[wording] = now, 0
        if held_back:
            record.msg, record.args = f"{record.getMessage()} ({held_back} more like it)", None
        return True


def configure(level: str) -> None:
    """Set up logging for a worker."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name in (*LIBRARIES, *SERVICES):
        logging.getLogger(name).setLevel(logging.WARNING)
    handler.addFilter(Sparing())
    # A line for every declared topic that Faust may not declare: the worker has seen to them before.
    logging.getLogger("faust.transport.drivers.aiokafka").addFilter(
        lambda record: "Topic creation disabled" not in record.getMessage()
    )

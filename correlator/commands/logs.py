"""The log on stderr: our own messages at the level that is set, and the libraries' warnings and errors."""

import logging
import time
from collections.abc import Callable

LIBRARIES = ("aiokafka", "faust", "mode", "asyncio")

SERVICES = tuple(f"correlator.engine.{it}" for it in ("consumer", "reading", "table"))
"""The engine's modules with services of Faust, which log their start as those of the libraries do."""

QUIET_FOR = 10.0
"""Seconds between two messages of the same wording from a library: while a broker is away, aiokafka logs an error for
every connection ten times a second."""

FORGOTTEN_AFTER = 600.0
"""Seconds after which a wording that has not come again is forgotten, with the number of its messages held back."""


class Sparing(logging.Filter):
    """Lets all our messages through, but a library's messages of the same wording only once per `QUIET_FOR` seconds.

    The next one that passes says how many were held back: they may have been about other brokers.
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
    # Faust logs that it may not declare a topic, for each of them; the worker has already created them.
    logging.getLogger("faust.transport.drivers.aiokafka").addFilter(
        lambda record: "Topic creation disabled" not in record.getMessage()
    )

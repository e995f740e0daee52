"""What the worker says on stderr: a line a thing, ours at the level that is set, the libraries' from warnings on."""

import logging
import time

LIBRARIES = ("aiokafka", "faust", "mode", "asyncio")

SERVICES = tuple(f"correlator.engine.{it}" for it in ("consumer", "reading", "table"))
"""Those of the engine that are services of Faust's: like the libraries, they say when they start."""

QUIET_FOR = 10.0
"""Seconds in which a library says one thing once: aiokafka has an error per connection and 100 ms while a broker is
away."""


class Sparing(logging.Filter):
    """Lets a library's message of one wording through every `QUIET_FOR` seconds, and all that is ours."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(LIBRARIES):
            return True
        now = time.monotonic()
        wording = (record.name, record.msg)
        if now - self._said.get(wording, -QUIET_FOR) < QUIET_FOR:
            return False
        self._said[wording] = now
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

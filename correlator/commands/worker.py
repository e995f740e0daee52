"""``correlator worker``: the stage, until SIGTERM or Ctrl-C."""

import gc
import logging
from collections import Counter

import uvloop

from correlator.commands import logs
from correlator.engine import die, run
from correlator.settings import Settings
from correlator.stage.app import create_engine
from correlator.topics import prepare

log = logging.getLogger(__name__)

RARELY = (100_000, 20, 20)
"""Thresholds of Python's garbage collector. A slice is some hundred thousand objects that live together and make no
cycles: with the defaults the collector goes through them hundreds of times, a fifth of all the time.
"""


def start(settings: Settings) -> None:
    """Run the stage. Raises `TopicsError` where the topics do not allow it."""
    logs.configure(settings.log_level)
    gc.freeze()  # what was imported stays
    gc.set_threshold(*RARELY)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    layout = await prepare(settings)
    fates: Counter[str] = Counter()
    log.info("%s joins its group and reads %s", settings.app_id, settings.topic_events)
    await run(create_engine(settings, layout, fates, fail=die))
    log.info("stopped: %s", ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())) or "nothing was read")

"""``correlator worker``: runs the stage until SIGTERM or Ctrl-C."""

import gc
import logging
import socket
from functools import partial
from importlib.util import find_spec

import uvloop

from correlator.clock import steady_clock
from correlator.commands import logs
from correlator.condition import condition_of
from correlator.engine import die, leave, run
from correlator.glance import FanOut, Glance, OwnReport, RecentRecords, ThisWorker, reaching
from correlator.metrics import Metrics
from correlator.settings import Settings, SettingsError, variable
from correlator.stage.app import create_app
from correlator.topics import prepare
from correlator.web import serving

log = logging.getLogger(__name__)

GC_THRESHOLDS = (500_000, 10, 10)
"""Thresholds of Python's garbage collector, above the number of objects that a slice makes: some hundred thousand,
which live together and form no cycles. With the defaults, the collector takes a fifth of the time to go through them
again and again.
"""


def start(settings: Settings) -> None:
    """Run the stage. Raises `TopicsError` if the topics do not allow it, and `SettingsError` if the store is not
    installed or a file that a setting names cannot be used.
    """
    if settings.store == "rocksdb://" and find_spec("rocksdict") is None:
        raise SettingsError(
            f"{variable('store')} is rocksdb://, which is not installed:"
            " pip install 'prefect-lifecycle-correlator[rocksdb]'."
        )
    logs.configure(settings.log_level)
    gc.freeze()  # imported modules stay in memory anyway
    gc.set_threshold(*GC_THRESHOLDS)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    layout = await prepare(settings)
    wall_clock = steady_clock()
    metrics, recent = Metrics(wall_clock=wall_clock), RecentRecords()
    counts = FanOut((metrics, recent)) if settings.page else metrics
    reached = settings.reached(socket.gethostname())
    engine, correlate = create_app(settings, layout, counts, wall_clock=wall_clock, fail=die, url=reached.url)

    condition = partial(condition_of, engine, correlate, layout.partitions)
    this_worker = ThisWorker(
        settings.app_id, engine.id, reached, settings.topic_joined, layout.partitions[settings.topic_joined]
    )
    metrics.watch(condition)
    async with reaching() as workers:
        glance = Glance(
            this_worker, OwnReport(engine.id, correlate, recent).report, engine.members, workers, wall_clock
        )
        async with serving(settings, metrics, condition, glance if settings.page else None):
            if settings.web_port:
                log.info("serves health and metrics at http://%s:%s", settings.web_host, settings.web_port)
            log.info("%s joins its group and reads %s", settings.app_id, settings.topic_events)
            whole = await run(engine)
    fates = sorted(metrics.fates().items())
    log.info("stopped: %s", ", ".join(f"{count} {fate}" for fate, count in fates) or "nothing was read")
    if not whole:
        leave(0)

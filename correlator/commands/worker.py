"""``correlator worker``: the stage, until SIGTERM or Ctrl-C."""

import logging
from collections import Counter

import click
import uvloop

from correlator.commands import failing, logs
from correlator.engine import die, run
from correlator.settings import Settings
from correlator.stage.app import create_engine
from correlator.topics import TopicsError, prepare

log = logging.getLogger(__name__)


@click.command("worker")
def command() -> None:
    """Run the stage until SIGTERM or Ctrl-C: read Prefect's events, publish lifecycle records."""
    settings = failing.settings()
    logs.configure(settings.log_level)
    try:
        uvloop.run(_run(settings))
    except TopicsError as error:
        raise failing.Failed(str(error)) from None


async def _run(settings: Settings) -> None:
    layout = await prepare(settings)
    fates: Counter[str] = Counter()
    log.info("%s joins its group and reads %s", settings.app_id, settings.topic_events)
    await run(create_engine(settings, layout, fates, fail=die))
    log.info("stopped: %s", ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())) or "nothing was read")

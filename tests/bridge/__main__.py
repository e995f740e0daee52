"""Throws the faults at a bridge, and prints a line for each: ``python -m tests.bridge [--long]``. Exits with 1 if any
event is missing or there twice.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from local import BrokerFailed, NoKafka, local_kafka
from sessions.installing import Uninstallable, python
from sessions.release import DEFAULT, Release
from tests.bridge.faults import FAULTS, LONG
from tests.bridge.scene import IMPATIENT, Outcome, Scene, prefect_server
from tests.bridge.through import through

HEAD = "| fault | what was done | events on the server | records | missing | twice | s |\n|---|---|---|---|---|---|---|"


@click.command()
@click.option("--long", is_flag=True, help="All faults at full length, and a session: half an hour.")
@click.option("--only", multiple=True, type=click.Choice(list(FAULTS)), help="This fault; may be given several times.")
def main(only: Sequence[str], *, long: bool) -> None:
    """Throw faults at a bridge between a real Prefect server and a real Kafka."""
    faults = only or [name for name in FAULTS if long or name not in LONG]
    try:
        good = asyncio.run(_throw(faults, session=long and not only, long=long))
    except (NoKafka, BrokerFailed, Uninstallable) as error:
        raise click.ClickException(f"{error}") from None
    sys.exit(0 if good else 1)


async def _throw(faults: Sequence[str], *, session: bool, long: bool) -> bool:
    release, good = python(Release.of(DEFAULT)), True
    with tempfile.TemporaryDirectory(prefix="bridge-") as directory, local_kafka(IMPATIENT, own=True) as kafka:
        async with prefect_server(release, Path(tempfile.mkdtemp(dir=directory)), long=long) as server:
            click.echo(HEAD)
            if session:
                good = await _session(Scene(server, kafka, Path(directory), long=True), release)
            for name in faults:
                try:
                    outcome = await FAULTS[name](Scene(server, kafka, Path(directory), long=long))
                except AssertionError as error:
                    click.echo(f"| {name} | **{error}** |")
                    good = False
                else:
                    click.echo(line(name, outcome))
                    good = good and outcome.figures.is_exact
    return good


async def _session(scene: Scene, prefect: Path) -> bool:
    """Drive a whole session, and judge its records, too."""
    done, outcome, rows = await through(scene, prefect, killed=True)
    right = sum(not row.wrong for row in rows)
    says = f"{right} of {len(done.deeds)} things done have the right record"
    click.echo(line("a session, through bridge and stage", outcome._replace(says=says)))
    return outcome.figures.is_exact and right == len(rows)


def line(name: str, outcome: Outcome) -> str:
    """A row of the table."""
    figures, wrong = outcome.figures, "; ".join(outcome.figures.wrong)
    wrong += f"; **{figures.others} are no events of the server**" if figures.others else ""
    says = f"{outcome.says}{f'; **{wrong}**' if wrong else ''}"
    counts = (figures.server, figures.topic, figures.missing, figures.twice)
    return f"| {name} | {says} | {' | '.join(f'{number:,}' for number in counts)} | {outcome.seconds:.1f} |"


if __name__ == "__main__":
    main()

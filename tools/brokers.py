"""``make brokers``: releases of Apache Kafka, each tried, as a table. ``RELEASES="2.5.1 4.0.0"`` chooses; ``WRITE=1``
writes the table into docs/brokers.md.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click

from local import BrokerFailed, NoKafka
from local.releases import TRIED, Release
from tools.marked import between
from tools.trying import Tried, try_

DOCUMENT: Final = Path(__file__).parent.parent / "docs" / "brokers.md"
BEGIN, END = "<!-- brokers -->\n", "<!-- /brokers -->\n"

HEAD: Final = "| Apache Kafka | with | demo | tests passed | remark |\n|---|---|---|---|---|\n"


@click.command()
@click.argument("releases", nargs=-1)
@click.option("--write", is_flag=True, help="Write the table into docs/brokers.md.")
def main(releases: Sequence[str], *, write: bool) -> None:
    """Try RELEASES of Apache Kafka, or else all of the table; the exit code is 1 where one was not as it must be."""
    try:
        chosen = [Release.of(version) for version in releases] or list(TRIED)
    except ValueError:
        raise click.UsageError("Give releases such as 2.8.2, with spaces between.") from None
    click.echo(HEAD, nl=False)
    all_tried = []
    for release in chosen:
        try:
            tried = try_(release)
        except (NoKafka, BrokerFailed) as error:
            raise click.ClickException(f"Apache Kafka {release} does not run here: {error}") from None
        all_tried.append(tried)
        click.echo(row(tried), nl=False)
    if write:
        DOCUMENT.write_text(renewed(DOCUMENT.read_text(), all_tried, datetime.now(UTC).date()))
    sys.exit(0 if all(tried.good for tried in all_tried) else 1)


def renewed(text: str, all_tried: Iterable[Tried], day: date) -> str:
    """The document's text with the table as it should be."""
    return between(text, BEGIN, END, [f"Tried on {day:%Y-%m-%d}.\n\n", HEAD, *map(row, all_tried)])


def row(tried: Tried) -> str:
    """A line of the table."""
    mode = "ZooKeeper" if tried.release.needs_zookeeper else "KRaft"
    cells = (str(tried.release), mode, tried.demo, tried.tests, "; ".join(_remarks(tried.release)) or "–")
    return f"| {' | '.join(cells)} |\n"


def _remarks(release: Release) -> Iterator[str]:
    if release.is_refused:
        yield "no TxnOffsetCommit v3"
    elif not release.lists_transactions:
        yield "no ListTransactions: what a dead worker has left open ends with its timeout"


if __name__ == "__main__":
    main()

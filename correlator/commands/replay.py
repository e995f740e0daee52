"""``correlator replay``: reads events from files or a Prefect server, and writes records, and a page for people."""

import gzip
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import DownloadColumn
from rich.table import Table

from correlator import page, prefect, records
from correlator.commands.progress import progress
from correlator.configured import reading_of, rules_of
from correlator.core import Fate, Lifecycle
from correlator.moments import Moment
from correlator.replay import Replay
from correlator.settings import Settings

MAX_NAMED = 5
"""How many invalid lines are named; further ones are counted."""

STDIN = "-"

DOCTYPE = b"<!doctype html>"
"""The first bytes of a page."""

NOTHING = (
    "The input has no event of a Prefect worker or runner (one JSON object per line is expected). Turn an answer of"
    " Prefect's API into lines with `jq -c '.events[]' FILE`."
)

UNCLAIMED = "{:,} witnesses speak of no run that a worker submitted, and were forgotten"
SILENT = (
    "{:,} runs of workers that do not wait have neither pods nor tasks nor states here: their end cannot be known. See"
    " docs/operating.md, Kubernetes and ECS."
)

FATES = {
    Fate.IGNORED: "of other kinds",
    Fate.INVALID: "invalid",
    Fate.DUPLICATE: "repeated",
    Fate.OPENED: "starts",
    Fate.DECIDED: "ends, cancellations and witnesses with a record",
    Fate.NOTED: "witnesses noted",
    Fate.WAITING: "still waiting",
}
"""The summary's words for what became of the lines."""


class Unreadable(Exception):
    """A file, or a server, cannot be read. The text is a sentence."""


class Unwritable(Exception):
    """The page cannot be written. The text is a sentence."""


def run_files(files: Sequence[str], settings: Settings, *, open_: bool, flush: bool, html: str | None = None) -> None:
    """Replay files: see `run`."""
    console = Console(stderr=True, highlight=False)
    lines = ((name, _lines(name, console)) for name in files)
    names = ", ".join("standard input" if name == STDIN else Path(name).name for name in files)
    run(lines, names, settings, console, open_=open_, flush=flush, html=html)


def run_server(
    settings: Settings, since: datetime | None, *, open_: bool, flush: bool, html: str | None = None
) -> None:
    """Replay what a Prefect server still has: see `run`. Raises `SettingsError`, too."""
    from correlator.bridge.failures import Failure  # an HTTP client, which files need not wait for
    from correlator.commands.server_lines import ServerLines

    console = Console(stderr=True, highlight=False)
    events = ServerLines(settings, since, console)
    try:
        run([(events.name, events)], events.name, settings, console, open_=open_, flush=flush, html=html)
    except Failure as failure:
        raise Unreadable(str(failure)) from None


def run(
    sources: Iterable[tuple[str, Iterable[bytes]]],
    names: str,
    settings: Settings,
    console: Console,
    *,
    open_: bool,
    flush: bool,
    html: str | None = None,
) -> None:
    """Replay lines to stdout, with a summary on stderr and a page to ``html``. ``sources``: the lines of each source,
    with its name. ``names``: the names of all sources, for the page.

    Raises `Unreadable` and `Unwritable`.
    """
    if html is not None:
        _check_page(html)
    began = time.monotonic()
    replay = Replay(rules_of(settings), reading_of(settings), wall_clock=_now)
    printer = Printer(settings.source, keep=html is not None)
    faults: list[str] = []
    for name, lines in sources:
        for number, line in enumerate(lines, 1):
            try:
                printer.print(replay.read(line))
            except prefect.InvalidEvent as reason:
                if len(faults) < MAX_NAMED:
                    faults.append(f"{name}, line {number}: {reason}")
    printer.print(replay.end())
    if flush:
        printer.print(replay.flush())
    still_open = list(replay.open())
    if open_:
        printer.print(still_open)
    printer.flush()
    if html is not None:
        _write(html, page.render(_view(names, list(printer.ended.values()), still_open)))
    _summarise(console, replay, printer.outcomes, len(still_open), time.monotonic() - began)
    for fault in faults:
        console.print(f"invalid: {fault}", markup=False, soft_wrap=True)
    if (more := replay.fates[Fate.INVALID] - len(faults)) > 0:
        console.print(f"invalid: {more:,} more")
    if replay.fates.total() == replay.fates[Fate.IGNORED] + replay.fates[Fate.INVALID]:
        console.print(NOTHING, markup=False, soft_wrap=True)


class Printer:
    """Writes lifecycles as JSON Lines, each with the record's name first, and counts them by kind and outcome."""

    def __init__(self, source: str, *, keep: bool = False) -> None:
        """``keep``: whether to keep summaries of the records in `ended`."""
        self.ended: dict[str, page.Summary] = {}
        """The last version of each record, by record id."""
        self._keep = keep
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._source = source
        self._out = sys.stdout.buffer

    def print(self, lifecycles: Iterable[Lifecycle]) -> None:
        """Write decided lifecycles."""
        for lifecycle in lifecycles:
            self.outcomes[lifecycle.kind, lifecycle.outcome or "open"] += 1
            if lifecycle.replaces is not None and lifecycle.outcome is not None:
                self.outcomes[lifecycle.kind, lifecycle.replaces.outcome] -= 1
            if self._keep and lifecycle.outcome is not None:
                it = page.summarize(lifecycle)
                self.ended[it.record_id] = it
            value = records.render(lifecycle, self._source).value
            self._out.write(b'{"record":"%b",%b\n' % (lifecycle.kind.encode(), value[1:]))

    def flush(self) -> None:
        """Write out what is buffered."""
        self._out.flush()


def _now() -> Moment:
    return Moment(time.time_ns() // 1000)


def _view(names: str, ended: Sequence[page.Summary], still_open: Iterable[Lifecycle]) -> page.View:
    """The view of everything that was read, as of the time of its last event."""
    open_ = [page.summarize(lifecycle) for lifecycle in still_open]
    usual = page.RecentDurations()
    for it in ended:
        usual.add(it)
    return page.View(
        source=names,
        about="as replayed",
        now=max((it.last for it in (*ended, *open_)), default=_now()),
        open=open_,
        ended=ended,
        open_total=Counter(it.kind for it in open_),
        ended_total=len(ended),
        usual=usual.by_pool(),
    )


def _check_page(name: str) -> None:
    """Check that the page can be written, changing nothing; refuse a file that is not a page, such as one of events."""
    path = Path(name)
    new = not path.exists()
    with _writing(name), path.open("ab") as file:
        if not file.seekable():  # a pipe, or a terminal
            return
    if new:
        path.unlink()
        return
    with _writing(name), path.open("rb") as file:
        if (begins := file.read(len(DOCTYPE))) and begins.lower() != DOCTYPE:
            raise Unwritable(f"{name} is not an HTML page and would be overwritten: give --html another file.")


def _write(name: str, text: str) -> None:
    with _writing(name):
        Path(name).write_text(text, encoding="utf-8")


@contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(f"{name} cannot be written: {error.strerror or error}.") from None


def _lines(name: str, console: Console) -> Iterator[bytes]:
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise Unreadable("Standard input cannot be read: it is closed.")
            yield from sys.stdin.buffer
            return
        path = Path(name)
        with path.open("rb") as raw, progress(console, DownloadColumn()) as bar:
            known = raw.seekable()  # a shell's <(…) is a pipe
            task = bar.add_task(path.name, total=path.stat().st_size if known else None)
            file: Iterable[bytes] = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            for number, line in enumerate(file):
                yield line
                if known and number % 1000 == 0:
                    bar.update(task, completed=raw.tell())
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreadable(f"{name} cannot be read: {reason}.") from None


def _summarise(
    console: Console, replay: Replay, outcomes: Counter[tuple[str, str]], still_open: int, seconds: float
) -> None:
    fates = replay.fates
    table = Table(
        "record", "outcome", "records", title=f"{fates.total():,} lines in {seconds:.1f} s", title_justify="left"
    )
    table.columns[2].justify = "right"
    for (kind, outcome), count in sorted((+outcomes).items()):
        table.add_row(kind, outcome, f"{count:,}")
    table.add_row("still open", "–", f"{still_open:,}")
    console.print(table)
    became = (f"{fates[fate]:,} {words}" for fate, words in FATES.items() if fates[fate])
    console.print("; ".join(became) or "nothing was read", markup=False, soft_wrap=True)
    if replay.unclaimed:
        console.print(UNCLAIMED.format(replay.unclaimed), soft_wrap=True)
    if replay.silent:
        console.print(SILENT.format(replay.silent), soft_wrap=True)

"""Renders a view as HTML. This module chooses what the page shows and leaves out; the templates define its look."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page import figures, tables, words
from correlator.page.axis import axis_for
from correlator.page.describing import MARKS, OPEN, Describer
from correlator.page.holders import Holder
from correlator.page.options import DEFAULT_OPTIONS, ZOOMS, PageOptions
from correlator.page.summary import Summary
from correlator.page.timeline import lanes_of

MAX_ROWS: Final = 300
"""How many rows a table has."""
LONGEST_RUNS: Final = 10
"""How many rows the table of the longest runs has. The page has that table if it does not show every record."""
MAX_CALLED_OUT: Final = 3
"""How many of the runs over their usual time are named at the top of the page."""
MAX_GROUPS: Final = 40
"""How many rows the table of durations by work pool and outcome has."""
MAX_PAGE_BYTES: Final = 2_000_000
"""The largest page."""


@dataclass(frozen=True, slots=True)
class View:
    """The content of a page. Times are in microseconds since 1970 UTC."""

    source: str
    """Where the lifecycles come from: the app id, or the names of the files."""
    about: str
    """A few words on that: how many workers and partitions the stage has, or "as replayed"."""
    now: int
    """The time that the page shows."""
    open: Sequence[Summary]
    """The open lifecycles, in any order. If this is not all of them, it should be the oldest."""
    ended: Sequence[Summary]
    """The records, each once, in its last version. If this is not all of them, it should be the latest."""
    open_total: Mapping[Kind, int]
    """How many lifecycles are open, whether they are in ``open`` or not."""
    ended_total: int
    """How many records there were, whether they are in ``ended`` or not."""
    usual: Mapping[str | None, int]
    """The usual duration of runs by work pool: 95% of its completed runs took no longer. Pools with too few completed
    runs are not in it.
    """
    refresh: int | None = None
    """The number of seconds after which the browser reloads the page; None for a file."""
    missing: Sequence[str] = ()
    """Sentences that name what the page should show and cannot."""
    holders: Sequence[Holder] = ()
    """The workers of the stage; empty if there is only one."""
    held_by: Mapping[str, str] = field(default_factory=dict)
    """The worker that reported each lifecycle, by record id; empty if there is only one worker."""


def render(view: View, options: PageOptions = DEFAULT_OPTIONS) -> str:
    """The page as HTML, of at most `MAX_PAGE_BYTES`: tables are shortened if need be. Names are escaped."""
    shown = MAX_ROWS
    while True:
        page = _render(view, options, shown)
        if len(page.encode()) <= MAX_PAGE_BYTES or not shown:
            return page
        shown //= 2


def _render(view: View, options: PageOptions, most: int) -> str:
    every_open = sorted(view.open, key=lambda it: (it.first, it.record_id))
    newest = {it.subject: it.started for it in every_open if it.started is not None}
    describe = Describer(view.now, view.usual, newest, view.held_by)
    workers = [it for it in every_open if it.kind is Kind.WORKER]
    runs = sorted((it for it in every_open if it.kind is Kind.FLOW_RUN), key=lambda it: describe.over(it) is None)
    over = [it for it in runs if describe.over(it) is not None]
    last = sorted(view.ended, key=lambda it: (it.last, it.record_id), reverse=True)[:most]
    # Some lifecycles are open for months while runs take minutes, so the axis is made for those that ended.
    axis = axis_for([it.first for it in last or every_open], view.now)
    lanes, lanes_left_out = lanes_of((*workers[:most], *runs[:most], *last), axis)
    groups = figures.groups(view.ended)
    shown = {
        "runs": _table(
            tables.RUN_COLUMNS, runs[:most], describe, max(view.open_total.get(Kind.FLOW_RUN, 0), len(runs))
        ),
        "workers": _table(
            tables.WORKER_COLUMNS, workers[:most], describe, max(view.open_total.get(Kind.WORKER, 0), len(workers))
        ),
        "last": _table(tables.RECORD_COLUMNS, last, describe, max(view.ended_total, len(view.ended))),
    }
    folded = {it.summary.record_id for of in shown.values() for it in of.rest}
    longest = _longest_runs(view.ended)[:most] if len(view.ended) > len(last) else []
    return _template().render(
        view=view,
        options=options,
        describe=describe,
        axis=axis,
        lanes=lanes,
        lanes_left_out=lanes_left_out,
        startups=any(bar.startup for lane in lanes for bar in lane.runs),
        elsewhere=folded if view.refresh and not options.all_rows else frozenset(),
        **shown,
        longest=_table(tables.LONGEST_RUN_COLUMNS, longest, describe, len(longest)),
        up=sum(it.runs for it in workers),
        workers_partly=bool(view.missing) or shown["workers"].total > len(workers),
        going=sum(it.runs for it in runs),
        runs_partly=bool(view.missing) or shown["runs"].total > len(runs),
        over=list(map(describe, over[:MAX_CALLED_OUT])),
        over_total=len(over),
        outcomes=figures.outcomes(view.ended),
        failures=figures.failures(view.ended),
        nonzero_exits=sum(it.nonzero_exit for it in view.ended),
        groups=groups[: min(MAX_GROUPS, most)],
        groups_left_out=len(groups[min(MAX_GROUPS, most) :]),
        by_witness=any(it.by_witness for it in view.ended),
        replaced=sum(map(describe.replaced, workers)),
    )


def _table(columns: Sequence[str], rows: Iterable[Summary], describe: Describer, total: int) -> tables.Table:
    return tables.table(columns, list(map(describe, rows)), total)


def _longest_runs(ended: Iterable[Summary]) -> list[Summary]:
    runs = (it for it in ended if it.kind is Kind.FLOW_RUN and it.duration is not None)
    return sorted(runs, key=lambda it: (-(it.duration or 0), it.record_id))[:LONGEST_RUNS]


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("correlator.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "span": words.span,
        "when": words.when,
        "clock": words.clock,
        "day": words.day,
        "name": words.name,
        "many": words.many,
        "moment": lambda at: words.moment(at).isoformat(),
    }
    environment.globals |= {
        "Kind": Kind,
        "OPEN": OPEN,
        "SHORT": words.SHORT,
        "ZOOMS": ZOOMS,
        "says": lambda column, told: tables.COLUMNS[column](told),
        "marks": MARKS,
        "means": MEANINGS,
    }
    return environment.get_template("page.html")


MEANINGS: Final = {
    Outcome.COMPLETED: "Start and end met. With an exit code other than 0, the process said that something was wrong.",
    Outcome.CANCELLED: "The run was cancelled: its runner said so, its worker, or its terminal state.",
    Outcome.SUPERSEDED: "A newer start came, and this one never ended.",
    Outcome.LOST: "Open for longer than its limit; nobody knows how long it was.",
    Outcome.UNMATCHED: "An end whose start never came.",
}

"""A view as HTML: what is shown of it, and what is left out; the templates beside say how it looks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page import figures, tables, words
from correlator.page.axis import axis_for
from correlator.page.holders import Holder
from correlator.page.look import PLAIN, ZOOMS, Look
from correlator.page.picture import lanes_of
from correlator.page.seen import Seen
from correlator.page.telling import MARKS, OPEN, Telling

SHOWN: Final = 300
"""Rows of a table, at most."""
LONGEST: Final = 10
"""Runs in the table of the longest, where not every record is in the page."""
CALLED_OUT: Final = 3
"""Runs over their usual time that are named at the top."""
GROUPS: Final = 40
"""Work pools and outcomes in the table of figures."""
LARGEST: Final = 2_000_000
"""Bytes of a page."""


@dataclass(frozen=True, slots=True)
class View:
    """What to look at. Times in microseconds since 1970 UTC."""

    source: str
    """Where it comes from: the app id, the names of the files."""
    about: str
    """What is shown of that: the partitions that this process holds."""
    now: int
    """Up to when."""
    open: Sequence[Seen]
    """What is open, in any order."""
    ended: Sequence[Seen]
    """The records, each once, in its last version."""
    open_total: Mapping[Kind, int]
    """How many are open in all, if they are not all in ``open``; then the oldest should be there."""
    ended_total: int
    """How many records there were, if they are not all in ``ended``; then the last should be there."""
    usual: Mapping[str | None, int]
    """By work pool: how long 95% of its completed runs took at most, where that is known."""
    refresh: int | None = None
    """After how many seconds the page is to be loaded again; None for a file."""
    missing: Sequence[str] = ()
    """What should be shown and is not, in sentences."""
    holders: Sequence[Holder] = ()
    """The workers of the stage that it comes from, where there are several."""
    held_by: Mapping[str, str] = field(default_factory=dict)
    """By record id, the name of the one that told of it, where there are several."""


def render(view: View, look: Look = PLAIN) -> str:
    """The page: HTML of at most `LARGEST` bytes, whatever it is of. Names in it are text."""
    shown = SHOWN
    while True:
        page = _render(view, look, shown)
        if len(page.encode()) <= LARGEST or not shown:
            return page
        shown //= 2


def _render(view: View, look: Look, most: int) -> str:
    every_open = sorted(view.open, key=lambda it: (it.first, it.record_id))
    newest = {it.subject: it.started for it in every_open if it.started is not None}
    tell = Telling(view.now, view.usual, newest, view.held_by)
    workers = [it for it in every_open if it.kind is Kind.WORKER]
    runs = sorted((it for it in every_open if it.kind is Kind.FLOW_RUN), key=lambda it: tell.over(it) is None)
    over = [it for it in runs if tell.over(it) is not None]
    last = sorted(view.ended, key=lambda it: (it.last, it.record_id), reverse=True)[:most]
    # What is open may be so for months, beside runs of minutes: the axis is made for those that ended.
    axis = axis_for([it.first for it in last or every_open], view.now)
    lanes, lanes_left_out = lanes_of((*workers[:most], *runs[:most], *last), axis)
    groups = figures.groups(view.ended)
    shown = {
        "runs": _table(tables.RUNS, runs[:most], tell, max(view.open_total.get(Kind.FLOW_RUN, 0), len(runs))),
        "workers": _table(tables.WORKERS, workers[:most], tell, max(view.open_total.get(Kind.WORKER, 0), len(workers))),
        "last": _table(tables.RECORDS, last, tell, max(view.ended_total, len(view.ended))),
    }
    folded = {it.seen.record_id for of in shown.values() for it in of.rest}
    longest = _longest(view.ended)[:most] if len(view.ended) > len(last) else []
    return _template().render(
        view=view,
        look=look,
        tell=tell,
        axis=axis,
        lanes=lanes,
        lanes_left_out=lanes_left_out,
        startups=any(bar.startup for lane in lanes for bar in lane.runs),
        elsewhere=folded if view.refresh and not look.all_rows else frozenset(),
        **shown,
        longest=_table(tables.LONGEST, longest, tell, len(longest)),
        up=sum(it.runs for it in workers),
        workers_partly=bool(view.missing) or shown["workers"].total > len(workers),
        going=sum(it.runs for it in runs),
        runs_partly=bool(view.missing) or shown["runs"].total > len(runs),
        over=list(map(tell, over[:CALLED_OUT])),
        over_total=len(over),
        outcomes=figures.outcomes(view.ended),
        failures=figures.failures(view.ended),
        nonzero_exits=sum(it.nonzero_exit for it in view.ended),
        groups=groups[: min(GROUPS, most)],
        groups_left_out=len(groups[min(GROUPS, most) :]),
        by_witness=any(it.by_witness for it in view.ended),
        replaced=sum(map(tell.replaced, workers)),
    )


def _table(columns: Sequence[str], rows: Iterable[Seen], tell: Telling, total: int) -> tables.Table:
    return tables.table(columns, list(map(tell, rows)), total)


def _longest(ended: Iterable[Seen]) -> list[Seen]:
    runs = (it for it in ended if it.kind is Kind.FLOW_RUN and it.duration is not None)
    return sorted(runs, key=lambda it: (-(it.duration or 0), it.record_id))[:LONGEST]


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
        "means": MEANS,
    }
    return environment.get_template("page.html")


MEANS: Final = {
    Outcome.COMPLETED: "Start and end met. With an exit code other than 0, the process said that something was wrong.",
    Outcome.CANCELLED: "The run was cancelled: its runner said so, its worker, or its terminal state.",
    Outcome.SUPERSEDED: "A newer start came, and this one never ended.",
    Outcome.LOST: "Open for longer than its limit; nobody knows how long it was.",
    Outcome.UNMATCHED: "An end whose start never came.",
}

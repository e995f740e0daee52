"""A view as HTML: what is shown of it, and what is left out; the template beside says how it looks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page import figures, words
from correlator.page.axis import axis_for
from correlator.page.picture import lanes_of
from correlator.page.seen import Seen

SHOWN: Final = 300
"""Open lifecycles in the page, and ended ones."""
LONGEST: Final = 10
"""Runs in the table of the longest, where not every record is in the page."""
GROUPS: Final = 40
"""Work pools and outcomes in the table of figures."""
LARGEST: Final = 2_000_000
"""Bytes of a page."""


@dataclass(frozen=True, slots=True)
class View:
    """What to look at. Times in microseconds since 1970 UTC."""

    title: str
    subtitle: str
    """What is shown: the partitions that this process holds, the names of the files."""
    now: int
    """Up to when."""
    open: Sequence[Seen]
    """What is open, in any order."""
    ended: Sequence[Seen]
    """What ended, in order of publication. Of several versions of a record the last one counts."""
    open_total: int
    """How many are open in all, if they are not all in ``open``; then the oldest should be there."""
    ended_total: int
    """How many records there were, if they are not all in ``ended``; then the last should be there."""
    refresh: int | None = None
    """After how many seconds the page is to be loaded again; None for a file."""


def render(view: View) -> str:
    """The page: HTML of at most `LARGEST` bytes, whatever it is of. Names in it are text."""
    shown = SHOWN
    while True:
        page = _render(view, shown)
        if len(page.encode()) <= LARGEST or not shown:
            return page
        shown //= 2


def _render(view: View, most: int) -> str:
    ended = list({it.record_id: it for it in view.ended}.values())
    every_open = sorted(view.open, key=lambda it: (it.first, it.record_id))
    open_, last = every_open[:most], _latest(ended)[:most]
    # What is open may be so for months, beside runs of minutes: the axis is made for those that ended.
    axis = axis_for([it.first for it in last or open_], view.now)
    lanes, lanes_left_out = lanes_of((*open_, *last), axis)
    groups = figures.groups(ended)
    newest = _newest_starts(every_open)
    ended_total = view.ended_total if view.ended_total > len(view.ended) else len(ended)
    return _template().render(
        view=view,
        axis=axis,
        lanes=lanes,
        lanes_left_out=lanes_left_out,
        open=open_,
        open_total=max(view.open_total, len(every_open)),
        partly=view.open_total > len(every_open),
        up=sum(it.runs and it.kind is Kind.WORKER for it in every_open),
        going=sum(it.runs and it.kind is Kind.FLOW_RUN for it in every_open),
        last=last,
        ended=len(ended),
        ended_total=ended_total,
        longest=_longest(ended)[:most] if len(ended) > len(last) else [],
        outcomes=figures.outcomes(ended),
        groups=groups[: min(GROUPS, most)],
        groups_left_out=len(groups[min(GROUPS, most) :]),
        usual=figures.usual(ended),
        newest=newest,
        replaced=sum(it.runs and it.kind is Kind.WORKER and it.first < newest[it.subject] for it in every_open),
    )


def _latest(ended: Iterable[Seen]) -> list[Seen]:
    return sorted(ended, key=lambda it: (it.last, it.record_id), reverse=True)


def _longest(ended: Iterable[Seen]) -> list[Seen]:
    runs = (it for it in ended if it.kind is Kind.FLOW_RUN and it.duration is not None)
    return list(islice(sorted(runs, key=lambda it: (-(it.duration or 0), it.record_id)), LONGEST))


def _newest_starts(open_: Iterable[Seen]) -> dict[str, int]:
    """When the newest open one of each subject started: an older one may be gone, and nobody has said so yet."""
    return {it.subject: it.started for it in open_ if it.started is not None}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("correlator", "page"),
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
    environment.globals |= {"Kind": Kind, "Outcome": Outcome, "SHORT": words.SHORT, "marks": MARKS, "means": MEANS}
    return environment.get_template("page.html")


MARKS: Final = {
    None: "▸",
    Outcome.COMPLETED: "✓",
    Outcome.CANCELLED: "⊘",
    Outcome.SUPERSEDED: "↷",
    Outcome.LOST: "?",
    Outcome.UNMATCHED: "⇤",
}
"""A sign for each outcome, beside its colour and pattern."""

MEANS: Final = {
    Outcome.COMPLETED: "Start and end met.",
    Outcome.CANCELLED: "A runner cancelled the run.",
    Outcome.SUPERSEDED: "A newer start came, and this one never ended.",
    Outcome.LOST: "Open for longer than its limit; nobody knows how long it was.",
    Outcome.UNMATCHED: "An end whose start never came.",
}

"""Views to render, of lifecycles as the core decides them, with the fields that a test changes."""

import uuid
from collections import Counter
from collections.abc import Callable

from correlator.core import EndedBy, Outcome
from correlator.event import Exit, StateType
from correlator.page import PageOptions, RecentDurations, Summary, View, render, summarize
from tests.records.lifecycles import ALL

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
NOW = 1_795_449_600 * SECOND
"""2026-11-23T16:00:00Z."""

RUN = summarize(ALL["run completed"])._replace(runner_name=None)
WORKER = summarize(ALL["worker completed"])


def some_id(of) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, repr(of)))


def run(number, *, ago, lasts=MINUTE, outcome=Outcome.COMPLETED, **more) -> Summary:
    """A run that began ``ago`` microseconds ago; without an outcome it is going."""
    started = NOW - ago
    ended = started + lasts if outcome in (Outcome.COMPLETED, Outcome.CANCELLED) else None
    about = {"record_id": some_id(number), "subject": some_id((number, "run")), "start_id": some_id((number, "start"))}
    about["ended_by"] = None if ended is None else EndedBy.WORKER
    return dated(
        RUN._replace(**about | {"outcome": outcome, "started": started, "ended": ended, "name": f"run-{number}"} | more)
    )


def podded(number, *, ago, lasts=MINUTE, startup=20 * SECOND, state=StateType.COMPLETED, **more) -> Summary:
    """A run of a worker that does not wait, with a pod and a terminal state as witnesses."""
    running = NOW - ago + startup
    told = {"ended_by": EndedBy.INFRASTRUCTURE, "exit": Exit.SUCCEEDED, "status_code": None, "state": state}
    return run(number, ago=ago, lasts=lasts, **{"running": running, "stated": NOW - ago + lasts} | told | more)


def worker(slug, *, ago, **more) -> Summary:
    """A worker that is up, or the one that the fields describe."""
    id_ = f"prefect.worker.process.{slug}"
    about = {"record_id": some_id(slug), "subject": id_, "worker": id_, "worker_name": slug, "name": slug}
    times = {"started": NOW - ago, "ended": None, "ended_by": None, "start_id": some_id((slug, "start"))}
    return dated(WORKER._replace(**about | times | {"outcome": None, "ambiguous": False, "matched_by": None} | more))


def dated(it) -> Summary:
    """The lifecycle with the fields that follow from its times."""
    first = next(at for at in (it.started, it.ended, it.cancelled) if at is not None)
    return it._replace(first=first, span=None if None in (it.started, it.ended) else it.ended - it.started)


def view(open_=(), ended=(), **more) -> View:
    """A view as of a file, unless told otherwise: it has every lifecycle, and the usual durations are theirs."""
    usual = RecentDurations()
    for it in ended:
        usual.add(it)
    shown = {"source": "prefect-correlator", "about": "partitions 0 and 3 of 8", "now": NOW, "usual": usual.by_pool()}
    totals = {"open_total": Counter(it.kind for it in open_), "ended_total": len(ended)}
    return View(**shown | {"open": open_, "ended": ended} | totals | more)


class Showing:
    """Stands for the glance of the web port, and renders views."""

    def __init__(self, now: Callable[[], View]) -> None:
        self._now = now

    async def html(self, options: PageOptions) -> str:
        return render(self._now(), options)

    async def json(self) -> bytes:
        return b"{}"

    async def report(self) -> bytes:
        return b"a report"

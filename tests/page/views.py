"""Views to render: of lifecycles as the core decides them, with what a test wants to be otherwise."""

import uuid
from collections import Counter
from collections.abc import Callable

from correlator.core import EndedBy, Outcome
from correlator.event import Exit, StateType
from correlator.page import Look, Seen, Usual, View, render, seen
from tests.records.lifecycles import ALL

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
NOW = 1_795_449_600 * SECOND
"""2026-11-23T16:00:00Z."""

RUN = seen(ALL["run completed"])._replace(runner_name=None)
WORKER = seen(ALL["worker completed"])


def some_id(of) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, repr(of)))


def run(number, *, ago, lasts=MINUTE, outcome=Outcome.COMPLETED, **more) -> Seen:
    """A run that began so many microseconds ago; without an outcome it is going."""
    started = NOW - ago
    ended = started + lasts if outcome in (Outcome.COMPLETED, Outcome.CANCELLED) else None
    about = {"record_id": some_id(number), "subject": some_id((number, "run")), "start_id": some_id((number, "start"))}
    about["ended_by"] = None if ended is None else EndedBy.WORKER
    return dated(
        RUN._replace(**about | {"outcome": outcome, "started": started, "ended": ended, "name": f"run-{number}"} | more)
    )


def podded(number, *, ago, lasts=MINUTE, startup=20 * SECOND, state=StateType.COMPLETED, **more) -> Seen:
    """A run of a worker that does not wait, as its pod and its states tell of it."""
    running = NOW - ago + startup
    told = {"ended_by": EndedBy.INFRASTRUCTURE, "exit": Exit.SUCCEEDED, "status_code": None, "state": state}
    return run(number, ago=ago, lasts=lasts, **{"running": running, "stated": NOW - ago + lasts} | told | more)


def worker(slug, *, ago, **more) -> Seen:
    """A worker that is up."""
    id_ = f"prefect.worker.process.{slug}"
    about = {"record_id": some_id(slug), "subject": id_, "worker": id_, "worker_name": slug, "name": slug}
    times = {"started": NOW - ago, "ended": None, "ended_by": None, "start_id": some_id((slug, "start"))}
    return dated(WORKER._replace(**about | times | {"outcome": None, "ambiguous": False, "matched_by": None} | more))


def dated(it) -> Seen:
    """With what follows from its times."""
    first = next(at for at in (it.started, it.ended, it.cancelled) if at is not None)
    return it._replace(first=first, span=None if None in (it.started, it.ended) else it.ended - it.started)


def view(open_=(), ended=(), **more) -> View:
    """As a file's, if nothing else is said: all that there is, and what is usual told from it."""
    usual = Usual()
    for it in ended:
        usual.add(it)
    shown = {"source": "prefect-correlator", "about": "partitions 0 and 3 of 8", "now": NOW, "usual": usual.by_pool()}
    totals = {"open_total": Counter(it.kind for it in open_), "ended_total": len(ended)}
    return View(**shown | {"open": open_, "ended": ended} | totals | more)


class Showing:
    """What the web port serves, of views."""

    def __init__(self, look: Callable[[], View]) -> None:
        self._look = look

    async def html(self, look: Look) -> str:
        return render(self._look(), look)

    async def json(self) -> bytes:
        return b"{}"

    async def part(self) -> bytes:
        return b"a part"

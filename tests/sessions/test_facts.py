"""The particulars of a release, as events show them."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from sessions.deeds import Deed, Done, Plot, State
from sessions.facts import facts

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def event(name: str, seconds: float, run: str = "", exit_: str | None = None) -> bytes:
    labels = {"prefect.resource.id": f"prefect.flow-run.{run}", "prefect.resource.role": "flow-run"}
    if exit_ is not None:
        labels["prefect.infrastructure.status-code"] = exit_
    return orjson.dumps(
        {
            "event": f"prefect.{name}",
            "occurred": BEGIN + timedelta(seconds=seconds),
            "resource": {"prefect.resource.id": "prefect.worker.process.w"},
            "related": [labels] if run else [],
        }
    )


@pytest.mark.parametrize(("hooked", "said"), [(None, "nothing, hook not run"), (0.5, "nothing")])
def test_facts(hooked: float | None, said: str):
    lines = [
        event("worker.stopped", 90),
        event("worker.executed-flow-run", 10.5, "raises", "1"),
        event("worker.executed-flow-run", 20, "sleeps", "-15"),
        event("runner.cancelled-flow-run", 23, "sleeps"),
        event("worker.submitted-flow-run", 5, "pending"),
    ]
    plots = {"raises": Plot.RAISES, "sleeps": Plot.CANCELLED, "hooked": Plot.HOOKED, "pending": Plot.PENDING}
    deeds = [Deed(Plot.STOPPED, "w", 0, 1), Deed(Plot.TERMINATED, "v", 0, 1)]
    deeds += [Deed(plot, run, 0, 1, hooked=hooked) for run, plot in plots.items()]
    states = {
        "raises": [State("FAILED", "Failed", BEGIN + timedelta(seconds=10))],
        "sleeps": [State("CANCELLED", "Cancelled", BEGIN + timedelta(seconds=22))],
    }
    told = facts(lines, Done("3.4.25", "3.11.7", 60, deeds, states))
    assert told.stops == "1 of 2"
    assert told.raised == "1"
    assert told.after_state == "0.50 to 0.50 s"
    assert told.cancelled == "exit -15, runner +3.00 s"
    assert told.hooked == said
    assert told.pending == "`submitted` alone"

"""The particulars of a release, as the events of a session show them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from sessions.deeds import ENDS, Deed, Done, Plot

_SUBMITTED, _EXECUTED = "prefect.worker.submitted-flow-run", "prefect.worker.executed-flow-run"
_CANCELLED: Final = ("prefect.runner.cancelled-flow-run", "prefect.worker.cancelled-flow-run")
_STOPPED: Final = "prefect.worker.stopped"
_RUN: Final = "prefect.flow-run."
_STATUS_CODE: Final = "prefect.infrastructure.status-code"


class Event(Struct, frozen=True):
    """The part of an event that is used here."""

    event: str
    occurred: datetime
    resource: dict[str, str]
    related: list[dict[str, str]] = []

    @property
    def run(self) -> str | None:
        """The flow run that it concerns."""
        ids = (labels.get("prefect.resource.id", "") for labels in (self.resource, *self.related))
        return next((id_.removeprefix(_RUN) for id_ in ids if id_.startswith(_RUN)), None)

    @property
    def exit(self) -> str | None:
        """The code that a process exited with."""
        return next((labels[_STATUS_CODE] for labels in self.related if _STATUS_CODE in labels), None)


class Facts(Struct, frozen=True):
    """The particulars of a release, in words."""

    stops: str
    raised: str
    after_state: str
    """How long after the flow run's end its worker reported the exit."""
    cancelled: str
    hooked: str
    pending: str


def facts(lines: Iterable[bytes], done: Done) -> Facts:
    """The particulars that the events of a session show."""
    events = [msgspec.json.decode(line, type=Event) for line in lines]
    names = Counter(event.event for event in events)
    workers = [deed for deed in done.deeds if deed.plot in {Plot.STOPPED, Plot.TERMINATED, Plot.OLD}]
    told = {plot: list[Event]() for plot in Plot} | {deed.plot: _told(events, deed) for deed in done.deeds}
    ran = any(deed.hooked for deed in done.deeds)
    return Facts(
        stops=f"{names[_STOPPED]} of {len(workers)}",
        raised=next((event.exit for event in told[Plot.RAISES] if event.exit is not None), "–"),
        after_state=_after_state(events, done),
        cancelled=_cancelled(told[Plot.CANCELLED]),
        hooked=_cancelled(told[Plot.HOOKED]) + ("" if ran else ", hook not run"),
        pending=_cancelled(told[Plot.PENDING]),
    )


def _told(events: Sequence[Event], deed: Deed) -> list[Event]:
    return [event for event in events if event.run == deed.subject]


def _cancelled(events: Sequence[Event]) -> str:
    """When a run's cancellation came, relative to the report of its exit."""
    executed = next((event for event in events if event.event == _EXECUTED), None)
    cancelled = next((event for event in events if event.event in _CANCELLED), None)
    if executed is None and cancelled is None:
        return "`submitted` alone" if any(event.event == _SUBMITTED for event in events) else "nothing"
    if executed is None:
        return "no `executed`"
    exit_ = f"exit {executed.exit}"
    if cancelled is None:
        return f"{exit_}, no cancellation"
    speaker = cancelled.event.split(".")[1]
    return f"{exit_}, {speaker} {(cancelled.occurred - executed.occurred).total_seconds():+.2f} s"


def _after_state(events: Sequence[Event], done: Done) -> str:
    spans = sorted(_spans(events, done))
    return f"{spans[0]:.2f} to {spans[-1]:.2f} s" if spans else "–"


def _spans(events: Sequence[Event], done: Done) -> Iterator[float]:
    """The seconds between state and exit of the runs that were not cancelled."""
    for run, states in done.states.items():
        ends = [state for state in states if state.type in ENDS]
        executed = [event for event in events if event.event == _EXECUTED and event.run == run]
        if any(state.type == "CANCELLED" for state in ends):
            continue
        for end, exit_ in zip(ends, executed, strict=False):
            yield (exit_.occurred - end.at).total_seconds()

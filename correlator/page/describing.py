"""Describes a lifecycle in words: its state and style, by how much it exceeds the usual time, and notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from correlator.core import EndedBy, MatchedBy, Outcome
from correlator.event import Exit, Kind, StateType
from correlator.page import words
from correlator.page.summary import Summary

OPEN: Final = "open"
OVER: Final = "over"
EXIT: Final = "exit"
FAILURES: Final[Mapping[StateType | None, str]] = {StateType.FAILED: "failed", StateType.CRASHED: "crashed"}
"""The style of a run whose infrastructure completed though the flow run did not, by the flow run's terminal state."""

MARKS: Final[dict[str, str]] = {
    OPEN: "▸",
    OVER: "!",
    EXIT: "!",
    FAILURES[StateType.FAILED]: "✗",
    FAILURES[StateType.CRASHED]: "↯",
    Outcome.COMPLETED: "✓",
    Outcome.CANCELLED: "⊘",
    Outcome.SUPERSEDED: "↷",
    Outcome.LOST: "?",
    Outcome.UNMATCHED: "⇤",
}
"""The sign of each style, shown beside its colour and pattern."""

WORKER: Final = "worker"


class Description(NamedTuple):
    """A lifecycle, and the texts that the page shows for it."""

    summary: Summary
    style: str
    """A key of `MARKS`; the CSS class of its colour and pattern has the same name."""
    state: str
    lasts: int | None
    """How long it has been open, or how long it took, in microseconds; None if unknown."""
    usual: int | None
    """The usual duration in its pool, in microseconds; None if unknown, or if it is not a run that is going."""
    over: int | None
    """By how many microseconds a run that is going exceeds the usual duration; None if it does not."""
    notes: list[str]
    tooltip: str
    """All of that in one line."""
    held_by: str | None
    """The worker of the stage that reported it; None if the stage has only one."""

    @property
    def carrier(self) -> str | None:
        """The Prefect worker that carried a run; None for a worker."""
        return self.summary.worker_name or self.summary.worker if self.summary.kind is Kind.FLOW_RUN else None

    @property
    def told_by(self) -> str | None:
        """Who reported the end of a run: its worker, pod, task or flow run."""
        return _told_by(self.summary)

    @property
    def until(self) -> int | None:
        """When it ended or, if it has no end, was cancelled."""
        return self.summary.cancelled if self.summary.ended is None else self.summary.ended


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes lifecycles, with what it must know of the others. Times are in microseconds since 1970 UTC."""

    now: int
    usual: Mapping[str | None, int]
    """The usual duration of runs by work pool, in microseconds: 95% of its completed runs took no longer."""
    newest: Mapping[str, int]
    """When the newest open lifecycle of each subject started. Older ones may have ended without an event."""
    held_by: Mapping[str, str]
    """The worker of the stage that reported each lifecycle, by record id; empty if there is only one worker."""

    def __call__(self, it: Summary) -> Description:
        lasts, usual, over = self._lasts(it), self._usual(it), self.over(it)
        state = _state(it)
        if over is not None:
            state += f", {words.span(over)} over"
        style = OVER if over is not None else _style(it)
        tooltip = self._tooltip(it, state, lasts, usual, over)
        return Description(
            it, style, state, lasts, usual, over, self._notes(it), tooltip, self.held_by.get(it.record_id)
        )

    def over(self, it: Summary) -> int | None:
        """By how many microseconds a run that is going exceeds its usual duration; None if it does not."""
        lasts, usual = self._lasts(it), self._usual(it)
        return lasts - usual if usual is not None and lasts is not None and lasts > usual else None

    def _lasts(self, it: Summary) -> int | None:
        return max(0, self.now - it.first) if it.outcome is None else it.duration

    def _usual(self, it: Summary) -> int | None:
        return self.usual.get(it.pool) if it.runs and it.kind is Kind.FLOW_RUN else None

    def replaced(self, it: Summary) -> bool:
        """Whether a lifecycle is open though a newer start of the same subject is known."""
        return it.runs and it.started is not None and self.newest.get(it.subject, it.started) > it.started

    def _notes(self, it: Summary) -> list[str]:
        alone = it.cancelled is not None and it.started is None and it.ended is None
        reason = f": {words.name(it.reason, words.SHORT)}" if it.reason else ""
        said = {
            f"newer start at {words.when(self.newest.get(it.subject, 0), self.now)}": self.replaced(it),
            "ambiguous: several starts fitted": it.ambiguous,
            "matched by resource": it.matched_by is MatchedBy.RESOURCE and not it.ambiguous and not it.by_witness,
            "reported by its runner only": alone,
            f"flow {FAILURES.get(it.state)}": it.state in FAILURES and it.failure is None and it.outcome,
            f"{it.unit} {it.exit}{reason}": it.exit in (Exit.FAILED, Exit.EVICTED),
            f"exit code {it.status_code}": it.status_code and not it.nonzero_exit,
            f"clocks differ by {words.span(it.skew)}": it.skew,
            "amended": it.amended,
        }
        return [note for note, applies in said.items() if applies]

    def _tooltip(self, it: Summary, state: str, lasts: int | None, usual: int | None, over: int | None) -> str:
        after = "" if lasts is None else f" {'for' if it.runs else 'after'} {words.span(lasts)}"
        if over is not None and usual is not None:
            state, after = _state(it), f"{after}, {words.span(over)} over the {words.span(usual)} usual in its pool"
        times = ((it.started, "from"), (it.ended, "to"), (it.cancelled, "cancelled"))
        whens = "".join(f", {word} {words.when(at, self.now)}" for at, word in times if at is not None)
        parts = ((it.flow, "flow"), (it.pool, "pool"))
        names = "".join(f"; {word} {words.name(name, words.SHORT)}" for name, word in parts if name)
        guessed = it.matched_by if not it.by_witness else None
        matched = f"; matched by {guessed}{', ambiguous' * it.ambiguous}" if guessed else ""
        startup = "" if it.startup is None else f"; start-up {words.span(it.startup)}"
        told = f"; end told by its {told_by}" if (told_by := _told_by(it)) else ""
        state = f"{it.outcome}, {state}" if it.failure else state
        return f"{words.name(it.name, words.SHORT)}: {state}{after}{whens}{startup}{names}{told}{matched}"


def _style(it: Summary) -> str:
    if it.failure is not None:
        return FAILURES[it.failure]
    return EXIT if it.nonzero_exit else it.outcome or OPEN


def _told_by(it: Summary) -> str | None:
    if it.kind is Kind.WORKER or it.ended_by is None:
        return None
    return {EndedBy.WORKER: WORKER, EndedBy.FLOW_RUN: "flow run"}.get(it.ended_by, it.unit)


def _state(it: Summary) -> str:
    if it.failure is not None:
        return f"flow {FAILURES[it.failure]}"
    if it.outcome is not None:
        return f"{it.outcome}, exit {it.status_code}" if it.nonzero_exit else str(it.outcome)
    if it.started is None:
        return "waiting for its start"
    if it.cancelled is not None:
        return "being cancelled"
    if it.state is not None:
        return f"flow {it.state.lower()}, ending"
    return "up" if it.kind is Kind.WORKER else "going"

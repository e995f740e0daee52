"""What is said of one lifecycle: its state, how it looks, how far over the usual time it is, and notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from correlator.core import EndedBy, MatchedBy, Outcome
from correlator.event import Exit, Kind, StateType
from correlator.page import words
from correlator.page.seen import Seen

OPEN: Final = "open"
OVER: Final = "over"
EXIT: Final = "exit"
FAILURES: Final[Mapping[StateType | None, str]] = {StateType.FAILED: "failed", StateType.CRASHED: "crashed"}
"""How a flow run looks that came to such an end, though its infrastructure completed."""

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
"""A sign for each look, beside its colour and pattern."""


WORKER: Final = "worker"


class Told(NamedTuple):
    """A lifecycle, and what is said of it."""

    seen: Seen
    look: str
    """A key of `MARKS`, and the name of its colour and pattern."""
    state: str
    lasts: int | None
    """For how long it has been open, or how long it took, in microseconds; None where nobody knows."""
    usual: int | None
    """How long 95% of its pool's completed runs took at most, of a run that is going; None where that is unknown."""
    over: int | None
    """By how much a run that is going exceeds that."""
    notes: list[str]
    summary: str
    """All of it in a line."""
    held_by: str | None
    """The worker of the stage that told of it, where there are several."""

    @property
    def carrier(self) -> str | None:
        """The worker that a run was carried by."""
        return self.seen.worker_name or self.seen.worker if self.seen.kind is Kind.FLOW_RUN else None

    @property
    def told_by(self) -> str | None:
        """Whose word the end of a run is."""
        return _told_by(self.seen)

    @property
    def until(self) -> int | None:
        """When it ended, or was cancelled."""
        return self.seen.cancelled if self.seen.ended is None else self.seen.ended


@dataclass(frozen=True, slots=True)
class Telling:
    """What one has to know to say it. Times in microseconds since 1970 UTC."""

    now: int
    usual: Mapping[str | None, int]
    """By work pool: how long 95% of its completed runs took at most."""
    newest: Mapping[str, int]
    """By subject: when the newest open one started. An older one may be gone without having said so."""
    held_by: Mapping[str, str]
    """By record id: which worker of the stage told of it, where there are several."""

    def __call__(self, it: Seen) -> Told:
        lasts, usual, over = self._lasts(it), self._usual(it), self.over(it)
        state = _state(it)
        if over is not None:
            state += f", {words.span(over)} over"
        look = OVER if over is not None else _look(it)
        summary = self._summary(it, state, lasts, usual, over)
        return Told(it, look, state, lasts, usual, over, self._notes(it), summary, self.held_by.get(it.record_id))

    def over(self, it: Seen) -> int | None:
        """By how much a run that is going exceeds its usual time."""
        lasts, usual = self._lasts(it), self._usual(it)
        return lasts - usual if usual is not None and lasts is not None and lasts > usual else None

    def _lasts(self, it: Seen) -> int | None:
        return max(0, self.now - it.first) if it.outcome is None else it.duration

    def _usual(self, it: Seen) -> int | None:
        return self.usual.get(it.pool) if it.runs and it.kind is Kind.FLOW_RUN else None

    def replaced(self, it: Seen) -> bool:
        """Whether it is open, and a newer start of the same subject is known."""
        return it.runs and it.started is not None and self.newest.get(it.subject, it.started) > it.started

    def _notes(self, it: Seen) -> list[str]:
        alone = it.cancelled is not None and it.started is None and it.ended is None
        reason = f": {words.name(it.reason, words.SHORT)}" if it.reason else ""
        said = {
            f"newer start at {words.when(self.newest.get(it.subject, 0), self.now)}": self.replaced(it),
            "ambiguous: several starts fitted": it.ambiguous,
            "matched by resource": it.matched_by is MatchedBy.RESOURCE and not it.ambiguous and not it.by_witness,
            "told by its runner alone": alone,
            f"flow {FAILURES.get(it.state)}": it.state in FAILURES and it.failure is None and it.outcome,
            f"{it.unit} {it.exit}{reason}": it.exit in (Exit.FAILED, Exit.EVICTED),
            f"exit code {it.status_code}": it.status_code and not it.nonzero_exit,
            f"clocks differ by {words.span(it.skew)}": it.skew,
            "amended": it.amended,
        }
        return [note for note, applies in said.items() if applies]

    def _summary(self, it: Seen, state: str, lasts: int | None, usual: int | None, over: int | None) -> str:
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


def _look(it: Seen) -> str:
    if it.failure is not None:
        return FAILURES[it.failure]
    return EXIT if it.nonzero_exit else it.outcome or OPEN


def _told_by(it: Seen) -> str | None:
    if it.kind is Kind.WORKER or it.ended_by is None:
        return None
    return {EndedBy.WORKER: WORKER, EndedBy.FLOW_RUN: "flow run"}.get(it.ended_by, it.unit)


def _state(it: Seen) -> str:
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

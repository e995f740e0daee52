"""The result of a decision."""

from enum import StrEnum

from msgspec import Struct

from correlator.core.lifecycle import Lifecycle
from correlator.core.state import SubjectState


class Fate(StrEnum):
    """What became of a record of the input, for the counters. Every record has exactly one fate."""

    IGNORED = "ignored"
    """It cannot concern us (rule I1)."""
    INVALID = "invalid"
    """`replay` cannot use it, and reports it."""
    DEAD_LETTERED = "dead-lettered"
    """The stage cannot use it, and kept it as a dead letter (rule I2)."""
    FORWARDED = "forwarded"
    """Intake forwarded it to correlate."""
    OPENED = "opened"
    """A start: it opened a lifecycle."""
    DECIDED = "decided"
    """An end, a cancellation or a witness with which a record was published."""
    NOTED = "noted"
    """A witness of an open lifecycle, or one that adds nothing to what is known."""
    WAITING = "waiting"
    """An end, a cancellation or a witness that waits for the lifecycle it belongs to."""
    DUPLICATE = "duplicate"
    """The same event has come before (rule A2)."""


class Decision(Struct, frozen=True, gc=False, kw_only=True):
    """What follows from an event, or from the passing of time."""

    state: SubjectState | None
    """The subject's new state; None if nothing is left to remember."""
    lifecycles: tuple[Lifecycle, ...] = ()
    """The lifecycles to publish."""
    fate: Fate = Fate.DECIDED
    """What became of the event, if there was one."""
    unclaimed: int = 0
    """How many witnesses were forgotten because they found no submit (rule W4)."""
    silent: int = 0
    """How many runs of detached workers have had no witness in time (rule W5)."""
    rests: bool = False
    """Whether the state only waits to be forgotten."""

"""What a decision says."""

from enum import StrEnum

from msgspec import Struct

from correlator.core.lifecycle import Lifecycle
from correlator.core.state import SubjectState


class Fate(StrEnum):
    """What became of a record of the input, for the counters: of N records, each has one."""

    IGNORED = "ignored"
    """It cannot concern us (rule I1)."""
    INVALID = "invalid"
    """`replay` cannot use it, and says so."""
    DEAD_LETTERED = "dead-lettered"
    """The stage cannot use it, and kept it (rule I2)."""
    FORWARDED = "forwarded"
    """Intake gave it to correlate."""
    OPENED = "opened"
    """A start."""
    DECIDED = "decided"
    """An end, a cancellation or a witness that a record was published with."""
    NOTED = "noted"
    """A witness of a lifecycle that is open, or that it tells nothing new of."""
    WAITING = "waiting"
    """An end, a cancellation or a witness that waits for what it belongs to."""
    DUPLICATE = "duplicate"
    """It had come before (rule A2)."""


class Decision(Struct, frozen=True, gc=False, kw_only=True):
    """What follows from an event, or from time."""

    state: SubjectState | None
    """What is to be remembered; None for nothing."""
    lifecycles: tuple[Lifecycle, ...] = ()
    """What is to be published."""
    fate: Fate = Fate.DECIDED
    """Of the event, if it was one."""
    unclaimed: int = 0
    """Witnesses that were forgotten, as they found no submit (rule W4)."""
    silent: int = 0
    """Runs of workers that do not wait of which no witness has spoken in time (rule W5)."""
    rests: bool = False
    """Whether all that the state still waits for is to be forgotten."""

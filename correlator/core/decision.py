"""What a decision says."""

from enum import StrEnum
from typing import NamedTuple

from correlator.core.lifecycle import Lifecycle
from correlator.core.state import SubjectState


class Fate(StrEnum):
    """What became of an event, for the counters: of N events, each has one."""

    OPENED = "opened"
    DECIDED = "decided"
    WAITING = "waiting"
    DUPLICATE = "duplicate"


class Decision(NamedTuple):
    """What follows from an event, or from time."""

    state: SubjectState | None
    """What is to be remembered; None for nothing."""
    lifecycles: tuple[Lifecycle, ...]
    """What is to be published."""
    fate: Fate = Fate.DECIDED
    """Of the event, if it was one."""

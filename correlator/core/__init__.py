"""The pure core: what is decided about lifecycles. No I/O, no Kafka, no wall clock: state and event in, state and lifecycles out."""

from correlator.core.clocks import Clocks
from correlator.core.codec import NewerState, UnreadableState, decode, encode
from correlator.core.deadlines import Deadlines
from correlator.core.lifecycle import Lifecycle, MatchedBy, Outcome
from correlator.core.rules import Rules
from correlator.core.state import SubjectState
from correlator.core.subject import Decision, Fate, due_at, on_event, on_watermark

__all__ = [
    "Clocks", "Deadlines", "Decision", "Fate", "Lifecycle", "MatchedBy", "NewerState", "Outcome", "Rules", "SubjectState",
    "UnreadableState", "decode", "due_at", "encode", "on_event", "on_watermark",
]

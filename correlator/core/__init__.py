"""The pure core decides lifecycles: a state and an event go in, the new state and the lifecycles to publish come out.
No I/O, no Kafka, no wall clock.
"""

from correlator.core.bounds import encode_within
from correlator.core.clocks import Clocks
from correlator.core.codec import ForeignState, UnreadableState, decode, encode
from correlator.core.deadlines import Deadlines
from correlator.core.decision import Decision, Fate
from correlator.core.lifecycle import EndedBy, Lifecycle, MatchedBy, Outcome
from correlator.core.partition_clock import PartitionClock, clock_without_one
from correlator.core.publication import Settled
from correlator.core.rules import Rules
from correlator.core.state import SubjectState
from correlator.core.subject import on_end_of_input, on_event, on_watermark
from correlator.core.subjects import States, Subjects
from correlator.core.versions import open_lifecycles

__all__ = [
    "Clocks",
    "Deadlines",
    "Decision",
    "EndedBy",
    "Fate",
    "ForeignState",
    "Lifecycle",
    "MatchedBy",
    "Outcome",
    "PartitionClock",
    "Rules",
    "Settled",
    "States",
    "SubjectState",
    "Subjects",
    "UnreadableState",
    "clock_without_one",
    "decode",
    "encode",
    "encode_within",
    "on_end_of_input",
    "on_event",
    "on_watermark",
    "open_lifecycles",
]

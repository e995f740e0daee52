"""Reads what Prefect sends: the bytes of a raw Kafka record become an event of ours, None, or `InvalidEvent`."""

from correlator.prefect.decoding import Decoded, Reading, decode
from correlator.prefect.invalid import InvalidEvent
from correlator.prefect.names import MEANINGS, NAMES, Speaker
from correlator.prefect.subjects import subject_of
from correlator.prefect.times import moment

__all__ = ["MEANINGS", "NAMES", "Decoded", "InvalidEvent", "Reading", "Speaker", "decode", "moment", "subject_of"]

"""What Prefect says: the bytes of a raw Kafka record, as an event of ours, as nothing, or as `InvalidEvent`."""

from correlator.prefect.decoding import Decoded, Reading, decode
from correlator.prefect.invalid import InvalidEvent
from correlator.prefect.names import MEANINGS, NAMES, Speaker
from correlator.prefect.subjects import subject_of
from correlator.prefect.times import moment

__all__ = ["MEANINGS", "NAMES", "Decoded", "InvalidEvent", "Reading", "Speaker", "decode", "moment", "subject_of"]

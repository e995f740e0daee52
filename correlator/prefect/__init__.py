"""What Prefect says: the bytes of a raw Kafka record, as an event of ours, as nothing, or as `InvalidEvent`."""

from correlator.prefect.decoding import NAMES, Decoded, decode
from correlator.prefect.invalid import InvalidEvent

__all__ = ["NAMES", "Decoded", "InvalidEvent", "decode"]

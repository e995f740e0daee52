"""The public interface of the engine: Faust, a slice of records at a time, exactly once. Nothing here knows Prefect."""

from correlator.engine.engine import Engine
from correlator.engine.options import Options
from correlator.engine.progress import Standstill
from correlator.engine.publishing import MAX_BATCH
from correlator.engine.running import die, leave, run
from correlator.engine.slices import Changes, Headers, Message, Received, Slice, Stage, TopicPartition, Transaction
from correlator.engine.store import MemoryStore, Store
from correlator.engine.table import CommittedTable

__all__ = [
    "MAX_BATCH",
    "Changes",
    "CommittedTable",
    "Engine",
    "Headers",
    "MemoryStore",
    "Message",
    "Options",
    "Received",
    "Slice",
    "Stage",
    "Standstill",
    "Store",
    "TopicPartition",
    "Transaction",
    "die",
    "leave",
    "run",
]

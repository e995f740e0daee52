"""The public interface of the engine: Faust, a slice of records at a time, exactly once. Nothing here knows Prefect."""

from correlator.engine.engine import Engine
from correlator.engine.impatient import make_impatient
from correlator.engine.options import Options
from correlator.engine.progress import Progress, Sign, Standstill
from correlator.engine.publishing import MAX_BATCH, OVERHEAD, NotPermitted, Producer
from correlator.engine.roster import Member
from correlator.engine.running import STOP_SIGNALS, describe, die, leave, run
from correlator.engine.seams import TakenAway
from correlator.engine.slices import (
    Changes,
    Headers,
    Message,
    Received,
    Slice,
    Stage,
    Step,
    Table,
    TopicPartition,
)
from correlator.engine.store import MemoryStore, Store
from correlator.engine.table import CommittedTable
from correlator.engine.watchdog import Watchdog

__all__ = [
    "MAX_BATCH",
    "OVERHEAD",
    "STOP_SIGNALS",
    "Changes",
    "CommittedTable",
    "Engine",
    "Headers",
    "Member",
    "MemoryStore",
    "Message",
    "NotPermitted",
    "Options",
    "Producer",
    "Progress",
    "Received",
    "Sign",
    "Slice",
    "Stage",
    "Standstill",
    "Step",
    "Store",
    "Table",
    "TakenAway",
    "TopicPartition",
    "Watchdog",
    "describe",
    "die",
    "leave",
    "make_impatient",
    "run",
]

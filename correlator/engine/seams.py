"""What the engine and `topics` lean on in Faust and aiokafka, though it is not public. Looked for at the start: a
release that took something away is named then, and not found out by records that are lost.

That it still *does* what we lean on, the contract tests say (`tests/engine/test_faust_contract.py` and
`test_aiokafka_contract.py`). How the public rest is used: ADR 15.
"""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from inspect import isfunction
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.sender import Sender, TxnOffsetCommitHandler
from aiokafka.producer.transaction_manager import TransactionManager
from faust.assignor.partition_assignor import PartitionAssignor
from faust.tables import Table
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

SEAMS: Final[Mapping[type, tuple[str, ...]]] = {
    # Faust
    PartitionAssignor: ("_compress", "_decompress", "_url"),
    Consumer: ("_new_consumer_thread", "_thread"),
    AIOKafkaConsumerThread: ("_consumer", "_create_worker_consumer", "_ensure_consumer", "_fetch_records"),
    Table: ("_new_store",),
    # aiokafka
    AIOKafkaConsumer: (
        *("_client", "_coordinator", "_fetch_max_wait_ms", "_fetcher", "_isolation_level"),
        *("_request_timeout_ms", "_subscription"),
    ),
    GroupCoordinator: ("_group_instance_id", "_pending_exception", "_send_req", "generation", "group_id", "member_id"),
    Fetcher: ("_fetch_waiters", "_notify", "_proc_fetch_request", "_records"),
    FetchResult: ("_partition_records",),
    PartitionRecords: ("_consumer_record",),
    AIOKafkaProducer: ("_closed", "_sender", "_txn_manager"),
    Sender: ("_do_txn_offset_commit", "_find_coordinator", "_txn_manager", "sender_task"),
    TxnOffsetCommitHandler: ("_offsets", "_sender", "create_request", "do", "handle_response"),
    TransactionManager: (
        *("_pending_txn_offsets", "_pid_and_epoch", "_pid_waiter", "_sequence_numbers", "error_transaction"),
        *("notify_task_waiter", "producer_epoch", "producer_id", "state", "transactional_id", "wait_for_pid"),
    ),
    AIOKafkaClient: ("_conns", "_get_conn", "_loop", "_metadata_update"),
    AIOKafkaConnection: ("_requests", "_sasl_oauth_token_provider", "_versions"),
    AIOKafkaAdminClient: ("_client", "_send_request", "_send_request_to_node"),
}
"""By class, the methods and attributes."""

_DISTRIBUTIONS: Final = {"faust": "faust-streaming", "aiokafka": "aiokafka"}


class TakenAway(Exception):
    """A library has not what the engine leans on. The text says what, and what to do."""


def check(seams: Mapping[type, Iterable[str]] = SEAMS) -> None:
    """Look for all of it. Raises `TakenAway`."""
    sentences = [
        f"{distribution} {version(distribution)} has no {class_.__name__}.{name}, on which the engine leans:"
        f" install a release of {distribution} that this one of ours allows."
        for class_, names in seams.items()
        for distribution in (_DISTRIBUTIONS[class_.__module__.partition(".")[0]],)
        for name in names
        if not _has(class_, name)
    ]
    if sentences:
        raise TakenAway("\n".join(sentences))


def _has(class_: type, name: str) -> bool:
    """Whether a class has it, or one of its methods speaks of it, as `__init__` does of an instance's attributes."""
    if hasattr(class_, name):
        return True
    methods = (method for base in class_.__mro__ for method in filter(isfunction, vars(base).values()))
    return any(name in method.__code__.co_names for method in methods)

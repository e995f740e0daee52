"""The private parts of Faust and aiokafka that the engine and `topics` depend on. They are looked for at the start, so
that a release which has removed one is named then, and does not show by lost records.

Whether they still behave as we need, the contract tests check (`tests/engine/test_faust_contract.py` and
`test_aiokafka_contract.py`). ADR 15 says how the public parts are used.
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
"""The methods and attributes that we depend on, by class."""

_DISTRIBUTIONS: Final = {"faust": "faust-streaming", "aiokafka": "aiokafka"}


class TakenAway(Exception):
    """A library lacks something that the engine depends on. The text says what, and what to do."""


def check(seams: Mapping[type, Iterable[str]] = SEAMS) -> None:
    """Look for all of them. Raises `TakenAway`."""
    sentences = [
        f"{distribution} {version(distribution)} has no {class_.__name__}.{name}, which the engine depends on:"
        f" install a release of {distribution} that this release of the correlator allows."
        for class_, names in seams.items()
        for distribution in (_DISTRIBUTIONS[class_.__module__.partition(".")[0]],)
        for name in names
        if not _has(class_, name)
    ]
    if sentences:
        raise TakenAway("\n".join(sentences))


def _has(class_: type, name: str) -> bool:
    """Whether a class has an attribute, or a method that mentions it, as `__init__` does for those of instances."""
    if hasattr(class_, name):
        return True
    methods = (method for base in class_.__mro__ for method in filter(isfunction, vars(base).values()))
    return any(name in method.__code__.co_names for method in methods)

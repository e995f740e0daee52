"""The engine's options, and the Faust app made from them, with the parts of Faust that are switched off or set
differently.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import faust
from yarl import URL

from correlator.engine.assignor import Assignor
from correlator.engine.credentials import credentials_of


class Options(NamedTuple):
    """How the engine runs. Times are in seconds."""

    app_id: str
    worker_ids: str
    """The prefix of its workers' transactional ids, which nobody else's ids have."""
    client: Mapping[str, Any]
    """Connection settings of aiokafka's clients: ``bootstrap_servers`` (each ``host:port``), TLS, SASL."""
    slice_records: int
    """How many records a poll returns and a slice holds, at most: more is faster up to some 4000, and means more work
    to repeat after a crash."""
    session_timeout: float
    """How long a silent process keeps its partitions."""
    instance_id: str | None
    """The process's static membership of the group: it restarts into its partitions without a rebalance. None for a
    dynamic member."""
    stall_limit: float
    """How long work may be pending without progress before the process ends."""
    max_batch: int
    """The largest record batch, in bytes: no more than the smallest limit of the topics that are written to."""
    datadir: str
    """The directory where Faust may write files."""
    url: str = "http://localhost"
    """The URL of this process for the other members of the group (`roster`)."""
    transaction_timeout: float = 60.0
    """How long a transaction may take: a broker that hangs delays it. If its worker is gone, the worker that takes over
    ends it sooner (`strangers`)."""
    fetches_apart: float = 0.05
    """The time from one fetch to the next from the same broker. A longer time is cheaper, and delays an event by half
    of it on average, twice in two hops. The first fetch after a silence is answered at once.
    """
    beats_apart: float = 0.025
    """The time from the beginning of one transaction to that of the next: it lets the answers of several brokers come
    together."""
    nudge_interval: float = 2.0
    """Time between two calls of a stage's ``idle``."""
    stop_limit: float = 20.0
    """How long stopping may take before the process ends anyway: less than an orchestrator waits before it kills. A
    broker that hangs would hold it up until requests time out."""

    @property
    def lookup_timeout(self) -> float:
        """How long it may take to look up where partitions begin and end."""
        return max(36.0, self.session_timeout + 1.0)


def faust_app(options: Options, client_id: str) -> faust.App:
    """The Faust app, without stages. ``client_id``: the client id of this process in the group."""
    return faust.App(
        options.app_id,
        broker=[URL(f"kafka://{broker}") for broker in options.client["bootstrap_servers"]],
        broker_credentials=credentials_of(options.client),
        autodiscover=False,
        datadir=options.datadir,
        topic_allow_declare=False,  # topics are created before the app starts: Faust asks one node, once
        topic_disable_leader=True,
        web_enabled=False,
        canonical_url=URL(options.url),
        PartitionAssignor=Assignor,
        table_standby_replicas=0,  # Faust empties the queue that standbys are read through when the flow resumes
        broker_client_id=client_id,
        consumer_group_instance_id=options.instance_id,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=8 << 20,
        consumer_metadata_max_age_ms=10_000,  # until then, aiokafka asks a former leader for positions, in vain
        broker_max_poll_records=options.slice_records,
        broker_session_timeout=options.session_timeout,
        broker_heartbeat_interval=options.session_timeout / 5,
        # How long it waits for a seek, and so for transactions that others have left open.
        broker_request_timeout=options.lookup_timeout + options.transaction_timeout,
        stream_wait_empty=True,
        stream_buffer_maxsize=64,
        worker_redirect_stdouts=False,
    )

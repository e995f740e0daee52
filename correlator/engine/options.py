"""How the engine runs, and the Faust app made from it, with what of Faust is switched off or set differently."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import faust
from yarl import URL

from correlator.engine.assignor import Assignor
from correlator.engine.credentials import credentials_of


class Options(NamedTuple):
    """How the engine runs. Times in seconds."""

    app_id: str
    worker_ids: str
    """What the transactional ids of all its workers begin with, and nobody else's."""
    client: Mapping[str, Any]
    """Connection settings of aiokafka's clients: ``bootstrap_servers`` (each ``host:port``), TLS, SASL."""
    slice_records: int
    """How many records a poll returns and a slice holds, at most: more is faster up to some 4000, and means more work
    to repeat after a crash."""
    session_timeout: float
    """How long a silent process keeps its partitions."""
    instance_id: str | None
    """The static member of the group that this process is: it restarts into its partitions without a rebalance."""
    stall_limit: float
    """How long there may be something to do and nothing done before the process ends."""
    max_batch: int
    """Bytes of a record batch: no more than the smallest limit of the topics that are written to."""
    datadir: str
    """Where Faust may write files."""
    url: str = "http://localhost"
    """What the group is told of this process, so that other members find it (`roster`)."""
    transaction_timeout: float = 60.0
    """How long a transaction may take: a broker that hangs makes it take long. One whose worker is gone is ended
    sooner, by who takes over (`strangers`)."""
    fetches_apart: float = 0.05
    """Time from one fetch to the next, of the same broker: longer is cheaper, and adds half of itself to the time that
    an event takes, twice in two hops. The first after a silence is answered at once."""
    beats_apart: float = 0.025
    """Time from the beginning of a transaction to that of the next: several brokers do not answer together."""
    nudge_interval: float = 2.0
    """Time between two calls of a stage's ``idle``."""
    stop_limit: float = 20.0
    """How long stopping may take before the process ends anyway: less than an orchestrator waits before it kills. A
    broker that hangs would hold it up until requests time out."""

    @property
    def lookup_timeout(self) -> float:
        """How long it may take to find out where partitions begin and end."""
        return max(36.0, self.session_timeout + 1.0)


def faust_app(options: Options, client_id: str) -> faust.App:
    """The app, without stages. ``client_id``: what the group is told that this process is called."""
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

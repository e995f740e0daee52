"""Every setting of the stage: ``CORRELATOR_*`` in the environment, read once at the start, checked as a whole."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator
from pydantic_settings import SettingsConfigDict

from correlator import internal_names
from correlator.address import Reached, address
from correlator.settings.bridge import BridgeSettings
from correlator.settings.connection import Connection
from correlator.settings.errors import VARIABLE_PREFIX, variable
from correlator.settings.values import (
    EVERY_ADDRESS,
    Advertised,
    AnyCase,
    AppId,
    Duration,
    Name,
    PositiveDuration,
    SessionTimeout,
    Source,
    WorkerTypes,
)


class Settings(BridgeSettings, Connection):
    """The settings from the environment, or their defaults. A variable set to nothing counts as not set.

    A process uses `load`. Values given to the constructor, as in tests, override the environment's.
    """

    model_config = SettingsConfigDict(env_prefix=VARIABLE_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    app_id: AppId = Field(
        "prefect-correlator",
        description="The deployment's name: its consumer group, and the prefix of its internal topics and transactional"
        " ids. One Prefect server or workspace per app id and input topic.",
    )
    source: Source = Field(
        default_factory=lambda data: str(data.get("app_id", "")),
        description="`ce_source` of the records: where they come from, as a URI reference.",
    )
    topic_events: Name = Field("prefect.events", description="Input: Prefect's raw events. A worker never creates it.")
    topic_worker_uptime: Name = Field("prefect.worker-uptime", description="Output: a record per worker lifecycle.")
    topic_flow_run_duration: Name = Field(
        "prefect.flow-run-duration",
        description="Output: a record per life of a flow run's infrastructure.",
    )
    topic_dead_letter: Name = Field("prefect.events.dead-letter", description="Output: events that are not valid.")
    partitions: PositiveInt = Field(8, description="Partitions of the topics that are created.")
    replication_factor: Annotated[int, Field(ge=1, le=32_767)] = Field(
        1,
        description="Replicas of the topics that are created; use 3 where there are as many brokers.",
    )
    create_topics: bool = Field(
        default=True,
        description="Whether a worker creates missing topics when it starts (never the input).",
    )
    input_keyed_by: Annotated[Literal["any", "subject"], AnyCase] = Field(
        "any",
        description="`subject` if the input's keys are worker resource ids and flow-run UUIDs: saves a hop.",
    )
    worker_names: Annotated[Literal["unique", "shared"], AnyCase] = Field(
        "unique",
        description="`shared` if several workers may run under one name at the same time; a new start then never"
        " supersedes an older one.",
    )
    store: Literal["memory://", "rocksdb://"] = Field(
        "memory://",
        description="Where open lifecycles are kept besides the changelog; `rocksdb://` needs the extra `rocksdb`.",
    )
    data_dir: Path = Field(Path("correlator-data"), description="Directory of this worker's local state.")
    tight_timing: Duration = Field(
        timedelta(minutes=5),
        description="Prefect omits `follows` if start and end are this far apart or more. `0` if the producer always"
        " strips it.",
    )
    grace: PositiveDuration = Field(
        timedelta(minutes=15),
        description="How long an end waits for its start, a cancellation for its submit, a replaced start for its end,"
        " and a witness of a run's end for a better one.",
    )
    remember: Duration = Field(
        timedelta(minutes=30),
        description="How long an ended lifecycle can still be amended, and repeats of its events are recognized.",
    )
    detached_workers: WorkerTypes = Field(
        ("kubernetes", "ecs"),
        description="The types of workers that do not wait for what they run, with commas between, or `none`: their"
        " `executed-flow-run` says when it was created; pods, tasks and flow-run states say when it ended. Leave out"
        " `ecs` for prefect-aws before 0.6.0. Kubernetes workers before prefect-kubernetes 0.6.0 are recognized.",
    )
    flow_run_limit: PositiveDuration = Field(timedelta(days=7), description="A run open for longer is `lost`.")
    worker_limit: PositiveDuration = Field(timedelta(days=90), description="A worker open for longer is `lost`.")
    max_starts: PositiveInt = Field(1000, description="Starts kept per worker or run; past that, the oldest is `lost`.")
    max_waiting: PositiveInt = Field(
        1000, description="Ends waiting per worker or run; past that, the oldest is `unmatched`."
    )
    max_tags: PositiveInt = Field(1000, description="Tags kept per event; dropping others sets `truncated`.")
    slice_records: PositiveInt = Field(4000, description="Most input records that a partition brings to a transaction.")
    session_timeout: SessionTimeout = Field(
        timedelta(seconds=20),
        description="How long a worker may be silent before its partitions go to others; within the broker's bounds"
        " (6s to 30m).",
    )
    instance_id: Name | None = Field(
        None,
        description="A name that survives restarts, such as the pod's: a restart within the session timeout then moves"
        " no partition (static membership).",
    )
    stalled_after: PositiveDuration = Field(
        timedelta(minutes=1),
        description="How long work may be pending without progress before `/healthz` reports it.",
    )
    stall_limit: PositiveDuration = Field(
        timedelta(minutes=5),
        description="How long work may be pending without progress before the worker exits, so that another"
        " takes over.",
    )
    web_host: str = Field("0.0.0.0", description="The address that health and metrics are served on.")  # noqa: S104
    web_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        8080,
        description="The port of `/healthz`, `/readyz` and `/metrics`; `0` opens none.",
    )
    web_advertised: Advertised | None = Field(
        None,
        description="Where other workers reach that port, to show on one page what all of them hold: `host` or"
        " `host:port`. Default: `CORRELATOR_WEB_HOST`, or the machine's name where that is every address.",
    )
    page: bool = Field(
        default=False,
        description="Whether `/` and `/open.json` show what is open and what ended last, names included, to anyone who"
        " can reach the port.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info",
        description="`debug`, `info`, `warning` or `error`.",
    )

    def reached(self, machine: str) -> Reached:
        """Where other workers reach this one, and its name. ``machine``: the host name of the machine that it is on."""
        host = machine if self.web_host in EVERY_ADDRESS else self.web_host
        try:
            where = address(self.web_advertised or host, self.web_port) if self.web_port else None
        except ValueError:  # a machine may have any name
            where = None
        return Reached(where, self.instance_id or str(where or machine))

    @property
    def one_hop(self) -> bool:
        """Whether correlate reads the input itself. Then there is no intake, and no topic between the stages."""
        return self.input_keyed_by == "subject"

    @property
    def topic_joined(self) -> str:
        """The topic that correlate reads. The changelog has as many partitions."""
        return self.topic_events if self.one_hop else self.topic_lifecycles

    @property
    def topic_lifecycles(self) -> str:
        """The internal topic between the two stages."""
        return internal_names.lifecycles(self.app_id)

    @property
    def topic_bridge(self) -> str:
        """The topic of the bridge's position; also the bridge's transactional id."""
        return internal_names.bridge(self.app_id)

    @property
    def topic_changelog(self) -> str:
        """The changelog of the table of subjects."""
        return internal_names.changelog(self.app_id)

    @model_validator(mode="after")
    def _topics_are_distinct(self) -> Self:
        """Check that topics have different names. Kafka refuses names that differ only in having '.' for '_'."""
        seen: dict[str, str] = {}
        derived = f"a topic named after {variable('app_id')}"
        for setting, name in (
            (variable("topic_events"), self.topic_events),
            (variable("topic_worker_uptime"), self.topic_worker_uptime),
            (variable("topic_flow_run_duration"), self.topic_flow_run_duration),
            (variable("topic_dead_letter"), self.topic_dead_letter),
            (derived, self.topic_lifecycles),
            (derived, self.topic_changelog),
            (derived, self.topic_bridge),
        ):
            alike = name.replace(".", "_")
            if alike in seen:
                raise ValueError(f"{seen[alike]} and {setting} both name {name!r}: give each topic a name of its own")
            seen[alike] = setting
        return self

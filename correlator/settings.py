"""Every setting of the stage: ``CORRELATOR_*`` in the environment, read once at the start, checked as a whole.

Nothing is read at import. `loading.load` is the way in, and what it returns does not change.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, PositiveInt, model_validator
from pydantic_settings import SettingsConfigDict

from correlator import durations
from correlator.connection import Connection
from correlator.values import (
    CHANGELOG_SUFFIX,
    PREFIX,
    AnyCase,
    AppId,
    Duration,
    Name,
    PositiveDuration,
    SessionTimeout,
    Source,
)


class SettingsError(Exception):
    """The settings are no good. The text names each variable and what is wrong with it, a sentence (and line) each."""


class Settings(Connection):
    """What the environment says, or the defaults. A variable set to nothing counts as not set.

    Given to the constructor, a value goes before the environment's; tests do so. People's come by `loading.load`.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    app_id: AppId = Field(
        "prefect-correlator",
        description="The deployment's name: consumer group, and beginning of the names of internal topics and"
        " transactions. One Prefect server or workspace per app id and input topic.",
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
    topic_dead_letter: Name = Field("prefect.events.dead-letter", description="Output: what is no valid event.")
    partitions: PositiveInt = Field(8, description="Partitions of the topics that are created.")
    replication_factor: Annotated[int, Field(ge=1, le=32_767)] = Field(
        1,
        description="Replicas of the topics that are created: 3 where the cluster has them.",
    )
    create_topics: bool = Field(
        default=True,
        description="Whether a worker creates the topics that are missing when it starts (never the input).",
    )
    input_keyed_by: Annotated[Literal["any", "subject"], AnyCase] = Field(
        "any",
        description="`subject` where the input's keys are worker resource ids and flow-run UUIDs: one hop less.",
    )
    worker_names: Annotated[Literal["unique", "shared"], AnyCase] = Field(
        "unique",
        description="`shared` where several workers run under one name at a time: none then supersedes another.",
    )
    store: Literal["memory://", "rocksdb://"] = Field(
        "memory://",
        description="Where open lifecycles are kept beside the changelog; `rocksdb://` needs the extra `rocksdb`.",
    )
    data_dir: Path = Field(Path("correlator-data"), description="Directory of this worker's local state.")
    tight_timing: Duration = Field(
        timedelta(minutes=5),
        description="Prefect drops `follows` from this distance on. `0` where the producer always strips it.",
    )
    grace: PositiveDuration = Field(timedelta(minutes=15), description="How long what belongs together may be apart.")
    remember: Duration = Field(
        timedelta(minutes=30),
        description="How long an ended lifecycle can still be amended, and repeats of its events are known.",
    )
    clock_tolerance: Duration = Field(
        timedelta(seconds=5),
        description="How much later than a run's end a cancellation may be dated and still belong to it.",
    )
    flow_run_limit: PositiveDuration = Field(timedelta(days=7), description="A run open for longer is `lost`.")
    worker_limit: PositiveDuration = Field(timedelta(days=90), description="A worker open for longer is `lost`.")
    max_starts: PositiveInt = Field(1000, description="Starts remembered per worker or run; the oldest goes first.")
    max_waiting: PositiveInt = Field(1000, description="Ends that may wait per worker or run; the oldest goes first.")
    max_tags: PositiveInt = Field(1000, description="Tags kept of an event; the rest sets `truncated`.")
    slice_records: PositiveInt = Field(4000, description="Records of the input taken into one transaction, at most.")
    session_timeout: SessionTimeout = Field(
        timedelta(seconds=20),
        description="Silence after which a worker's partitions go to another; within the broker's bounds (6s to 30m).",
    )
    instance_id: Name | None = Field(
        None,
        description="A name that survives restarts, such as the pod's: a restart within the session timeout then moves"
        " no partition (static membership).",
    )
    stalled_after: PositiveDuration = Field(
        timedelta(minutes=1),
        description="How long there may be something to do and nothing done before `/healthz` says so.",
    )
    stall_limit: PositiveDuration = Field(
        timedelta(minutes=5),
        description="How long there may be something to do and nothing done before the worker ends, for another to"
        " take over.",
    )
    web_host: str = Field("0.0.0.0", description="The address that health and metrics are served at.")  # noqa: S104
    web_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        8080,
        description="The port of `/healthz`, `/readyz` and `/metrics`; `0`: none.",
    )
    page: bool = Field(
        default=False,
        description="Whether `/` shows what is open and what ended last, with names, to whoever reaches the port.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info",
        description="`debug`, `info`, `warning` or `error`.",
    )

    @property
    def one_hop(self) -> bool:
        """Whether correlate reads the input itself: then there is no intake, and no topic between the stages."""
        return self.input_keyed_by == "subject"

    @property
    def topic_joined(self) -> str:
        """The topic that correlate reads, and whose partitions the changelog has, too."""
        return self.topic_events if self.one_hop else self.topic_lifecycles

    @property
    def topic_lifecycles(self) -> str:
        """The internal topic between the two stages."""
        return f"{self.app_id}-lifecycles"

    @property
    def topic_changelog(self) -> str:
        """The changelog of the table of subjects."""
        return f"{self.app_id}{CHANGELOG_SUFFIX}"

    @model_validator(mode="after")
    def _topics_are_distinct(self) -> Self:
        """Kafka takes '.' and '_' for one: it refuses names that differ in nothing else."""
        seen: dict[str, str] = {}
        for who, name in (
            (f"{PREFIX}TOPIC_EVENTS", self.topic_events),
            (f"{PREFIX}TOPIC_WORKER_UPTIME", self.topic_worker_uptime),
            (f"{PREFIX}TOPIC_FLOW_RUN_DURATION", self.topic_flow_run_duration),
            (f"{PREFIX}TOPIC_DEAD_LETTER", self.topic_dead_letter),
            (f"a topic named after {PREFIX}APP_ID", self.topic_lifecycles),
            (f"a topic named after {PREFIX}APP_ID", self.topic_changelog),
        ):
            alike = name.replace(".", "_")
            if alike in seen:
                raise ValueError(f"{seen[alike]} and {who} both name {name!r}: give each topic a name of its own")
            seen[alike] = who
        return self


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{field.upper()}"


class Described(NamedTuple):
    """A setting as people read of it, in Markdown."""

    name: str
    default: str
    description: str


def described() -> Iterator[Described]:
    """Name, default and description of every setting, in the order to show them in (the README's table)."""
    for field, info in Settings.model_fields.items():
        match info.default:
            case timedelta() as span:
                default = f"`{durations.show(span)}`"
            case tuple() as several:
                default = f"`{','.join(several)}`"
            case bool() as switch:
                default = f"`{str(switch).lower()}`"
            case None:
                default = "not set"
            case _ if info.default_factory:
                default = "the app id"
            case other:
                default = f"`{other}`"
        yield Described(variable(field), default, info.description or "")

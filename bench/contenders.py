"""The contenders, and how each of them is started."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.peers.join import Job
from bench.setting_up import ROOT, java, kafka_streams, python
from correlator.settings import VARIABLE_PREFIX
from support.deployment import CORRELATOR, PARTITIONS, environment

AT_LEAST_ONCE: Final = "at least once"
EXACTLY_ONCE: Final = "exactly once"

_HEAP: Final = ("-Xms512m", "-Xmx1g", "-XX:+UseG1GC")


class Launch(NamedTuple):
    """A program to start."""

    command: Sequence[str]
    env: Mapping[str, str]
    """Its complete environment."""

    def on(self, partitions: int) -> "Launch":
        """The same for topics with this many partitions: the stage creates the topic between its hops itself."""
        return self._replace(env={**self.env, f"{VARIABLE_PREFIX}PARTITIONS": f"{partitions}"})


class Contender(NamedTuple):
    """A program that is compared."""

    name: str
    title: str
    guarantee: str
    commits: str
    """How often it commits, in words."""
    prepare: Callable[[], Callable[[Job], Launch]]
    """Sets it up if necessary, and returns a function that says how to start it. Raises `Unavailable`."""
    changelogs: tuple[str, ...] = ()
    """Topics to create before it starts, by their suffix after the app id."""
    stop: signal.Signals = signal.SIGTERM
    runs_ahead: bool = False
    """Whether it does work for the second half during the first, so that the second half says nothing."""
    slow: bool = False
    """Whether it gets only a tenth of the events, so that the others need not wait for it."""


def stage_of(keyed_by: str, correlator: Path = CORRELATOR) -> Callable[[], Callable[[Job], Launch]]:
    """How to start a worker with ``CORRELATOR_INPUT_KEYED_BY=keyed_by``."""

    def launch(job: Job) -> Launch:
        env = environment(
            BOOTSTRAP_SERVERS=job.broker,
            APP_ID=job.app_id,
            TOPIC_EVENTS=job.input,
            TOPIC_FLOW_RUN_DURATION=job.output,
            TOPIC_WORKER_UPTIME=f"{job.app_id}-worker-uptime",
            TOPIC_DEAD_LETTER=f"{job.app_id}-dead-letter",
            PARTITIONS=f"{PARTITIONS}",
            INPUT_KEYED_BY=keyed_by,
            DATA_DIR=job.state,
            LOG_LEVEL="warning",
            WEB_PORT="0",
        )
        return Launch([str(correlator), "worker"], env)

    return lambda: launch


def _ours(module: str) -> Callable[[], Callable[[Job], Launch]]:
    return lambda: _started_by(sys.executable, module, EXACTLY_ONCE)


def _peer(module: str, environment_: str, guarantee: str = AT_LEAST_ONCE) -> Callable[[], Callable[[Job], Launch]]:
    return lambda: _started_by(str(python(environment_)), module, guarantee)


def _started_by(interpreter: str, module: str, guarantee: str) -> Callable[[Job], Launch]:
    def launch(job: Job) -> Launch:
        command = [interpreter, "-m", f"bench.peers.{module}", *job._replace(guarantee=guarantee.replace(" ", "-"))]
        return Launch(command, {**os.environ, "PYTHONPATH": str(ROOT)})

    return launch


def _kafka_streams(guarantee: str) -> Callable[[], Callable[[Job], Launch]]:
    def prepare() -> Callable[[Job], Launch]:
        start = [java(), *_HEAP, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", kafka_streams(), "App"]
        return lambda job: Launch([*start, *job._replace(guarantee=guarantee.replace(" ", "-"))], os.environ)

    return prepare


_SLICE: Final = "50 ms"

CONTENDERS: Final = (
    Contender("stage-1", "the stage, one hop", EXACTLY_ONCE, _SLICE, stage_of("subject")),
    Contender("stage-2", "the stage, two hops", EXACTLY_ONCE, _SLICE, stage_of("any"), runs_ahead=True),
    Contender("engine", "the join on our engine", EXACTLY_ONCE, _SLICE, _ours("on_our_engine"), ("-starts-changelog",)),
    Contender("quix", "Quix Streams", AT_LEAST_ONCE, "5 s", _peer("quix", "quixstreams")),
    Contender("quix-eos", "Quix Streams", EXACTLY_ONCE, "5 s", _peer("quix", "quixstreams", EXACTLY_ONCE)),
    Contender("kstreams", "Kafka Streams (Java)", AT_LEAST_ONCE, "30 s", _kafka_streams(AT_LEAST_ONCE)),
    Contender("kstreams-eos", "Kafka Streams (Java)", EXACTLY_ONCE, "100 ms", _kafka_streams(EXACTLY_ONCE)),
    Contender("bytewax", "Bytewax", AT_LEAST_ONCE, "10 s", _peer("bytewax_flow", "bytewax"), stop=signal.SIGINT),
    Contender("aiokafka", "bare aiokafka", AT_LEAST_ONCE, "5 s", _peer("bare_aiokafka", "aiokafka"), ("-changelog",)),
    Contender(
        "confluent",
        "bare confluent-kafka",
        AT_LEAST_ONCE,
        "5 s",
        _peer("bare_confluent", "confluent-kafka"),
        ("-changelog",),
    ),
    Contender("faust", "Faust as documented", AT_LEAST_ONCE, "2.8 s", _ours("faust_documented"), slow=True),
)
"""All contenders, in the order in which they are shown."""

STAGE_AND_STREAMS: Final = ("stage-1", "stage-2", "kstreams-eos")
"""The contenders that are compared over the number of partitions."""
NAMES: Final = tuple(one.name for one in CONTENDERS)


def chosen(names: Sequence[str], before: str | None) -> list[Contender]:
    """The contenders with these names, and the stage of another checkout, if ``before`` names one."""
    of_these = [one for one in CONTENDERS if one.name in names]
    if before is None:
        return of_these
    correlator = Path(before, ".venv", "bin", "correlator").absolute()
    return of_these + [
        Contender(f"before-{hops}", f"before, {told}", EXACTLY_ONCE, "each slice", stage_of(keyed_by, correlator))
        for hops, told, keyed_by in ((1, "one hop", "subject"), (2, "two hops", "any"))
    ]

"""What every test may use: a broker, started when the first test asks for one, and names that nobody else has.

The last line of a run says what became of the tests that need a broker.
"""

import logging
import os
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from xdist.scheduler import LoadScopeScheduling

from correlator.commands.logs import LIBRARIES, SERVICES
from local import Broker, NoKafka, local_kafka
from local.cluster import Cluster, local_cluster
from sessions.installing import Uninstallable, python
from sessions.release import DEFAULT, Release

# A shared machine has no use for deadlines, and CI none for luck.
hypothesis.settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("project")

_REQUIRED = os.environ.get("REQUIRE_KAFKA", "0") not in {"", "0"}
_PREFECT_REQUIRED = os.environ.get("REQUIRE_PREFECT", "0") not in {"", "0"}
_NEED_A_BROKER = {"kafka", "own_kafka", "own_cluster", "have_kafka"}


_KAFKA, _NO_KAFKA = "kafka", "no kafka"
"""What the report of a test that needs a broker has among its properties: which it was, or why there is none."""


class BrokerTests:
    """What became of the tests that need a broker, in this process and in those of pytest-xdist."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.told: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = {name: text for name, text in report.user_properties if name in {_KAFKA, _NO_KAFKA}}
        if told and (report.when == "call" or report.outcome != "passed"):
            self.outcomes[report.nodeid] = report.outcome
            self.told |= {name: text for name, text in told.items() if text}

    def __str__(self) -> str:
        outcomes = list(self.outcomes.values())
        count, failed, skipped = len(outcomes), outcomes.count("failed"), outcomes.count("skipped")
        if not count:
            return "none selected"
        if _KAFKA not in self.told:
            return f"{count} {'FAILED' if failed else 'SKIPPED'}, because: {self.told.get(_NO_KAFKA, 'see above')}"
        others = "".join(f", {n} {what}" for n, what in ((failed, "FAILED"), (skipped, "skipped")) if n)
        return f"{count - skipped} run against {self.told[_KAFKA]}{others}"


_BROKER_TESTS = pytest.StashKey[BrokerTests]()
_BROKER = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[str]:
    """The bootstrap servers of a Kafka that all tests share, so use ``topic`` for names.

    Started when the first test asks for it, stopped at the end. Where none is to be had, the test is skipped, or fails
    where REQUIRE_KAFKA=1.
    """
    with ExitStack() as stack:
        named = "KAFKA_BOOTSTRAP_SERVERS" in os.environ  # by someone who wants to know if it is not there
        yield _have(stack, request.config, local_kafka(), required=_REQUIRED or named).bootstrap_servers


@pytest.fixture
def own_kafka(request: pytest.FixtureRequest) -> Iterator[Callable[..., Broker]]:
    """Start a Kafka of the test's own, to be killed, paused and configured: ``own_kafka({"property": "value"})``."""
    with ExitStack() as stack:

        def start(config: Mapping[str, str] | None = None) -> Broker:
            return _have(stack, request.config, local_kafka(config, own=True), required=_REQUIRED)

        yield start


@pytest.fixture
def own_cluster(request: pytest.FixtureRequest) -> Iterator[Callable[..., Cluster]]:
    """Start three brokers of the test's own: ``own_cluster({"property": "value"})``."""
    with ExitStack() as stack:

        def start(config: Mapping[str, str] | None = None) -> Cluster:
            return _have(stack, request.config, local_cluster(config), required=_REQUIRED)  # type: ignore[no-any-return]

        yield start


@pytest.fixture(scope="session")
def have_kafka(request: pytest.FixtureRequest) -> Iterator[Callable[[AbstractContextManager[Any]], Any]]:
    """Have a Kafka that is made in another way until the end: ``have_kafka(local_cluster())``."""
    with ExitStack() as stack:
        yield lambda kafka: _have(stack, request.config, kafka, required=_REQUIRED)


@pytest.fixture(scope="session")
def prefect() -> Path:
    """The Python of an environment with Prefect. Where it cannot be installed, the test is skipped, or fails where
    REQUIRE_PREFECT=1.
    """
    try:
        return python(Release.of(DEFAULT))
    except Uninstallable as error:
        sentence = f"Prefect {DEFAULT} cannot be installed: {error}"
        if _PREFECT_REQUIRED:
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)


def _have(stack: ExitStack, config: pytest.Config, kafka: AbstractContextManager[Any], *, required: bool) -> Any:
    try:
        broker = stack.enter_context(kafka)
    except NoKafka as error:
        config.stash[_BROKER][_NO_KAFKA] = str(error)
        if required:
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    config.stash[_BROKER][_KAFKA] = broker.description
    return broker


@pytest.fixture
def topic() -> Callable[..., str]:
    """Make a name that no other test has: ``topic("raw")`` is ``raw-1f0c…``. Nothing is created."""

    def name(prefix: str = "topic") -> str:
        return f"{prefix}-{uuid.uuid4().hex[:12]}"

    return name


@pytest.fixture
async def create_topic(kafka: str, topic: Callable[..., str]) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Create a topic on the shared Kafka: ``await create_topic("raw", partitions=4, config={…})`` returns its name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()

    async def create(prefix: str = "topic", partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        name = topic(prefix)
        new = NewTopic(name, num_partitions=partitions, replication_factor=1, topic_configs=dict(config or {}))
        response = await admin.create_topics([new])
        assert [error[1] for error in response.topic_errors] == [0], response
        return name

    yield create
    await admin.close()


@pytest.fixture(autouse=True)
def logging_is_lent() -> Iterator[None]:
    """A command sets up logging for its whole process; here it shares one with all the tests after it."""
    loggers = [logging.getLogger(name) for name in ("", *LIBRARIES, *SERVICES)]
    before = [(logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (level, propagate) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.propagate = propagate


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; what tests start inherits it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_BROKER] = {}
    config.stash[_BROKER_TESTS] = BrokerTests()
    config.pluginmanager.register(config.stash[_BROKER_TESTS])


_TOGETHER = {
    "bridge/test_nothing_missing.py": "bridge, faults",
    "bridge/test_odd_events.py": "bridge, faults",
    "bridge/test_going_away.py": "bridge, ways in",
    "bridge/test_refusals.py": "bridge, ways in",
    "bridge/test_through.py": "bridge, ways in",
    "bridge/test_ways_in.py": "bridge, ways in",
    "chaos": "chaos",
    "contracts": "contracts",
    "engine/test_exactly_once.py": "engine, once",
    "engine/test_faust_contract.py": "engine, Faust",
    "monitoring": "monitoring",
    "page": "page",
    "release": "release",
    "security": "security",
    "sessions/test_demo.py": "bridge, ways in",
}
"""By where it is, what shares something that is dear to make: one of pytest-xdist's processes runs all of a name."""


class Scheduling(LoadScopeScheduling):
    """Sends what belongs together to one process, and all else to whichever is free. xdist's own `loadgroup` writes
    groups into ids, where pytest 9.2 does not read them any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((name for place, name in _TOGETHER.items() if nodeid.startswith(f"tests/{place}")), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)  # before -m "not kafka" looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _NEED_A_BROKER.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("kafka")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if item.get_closest_marker("kafka"):
        broker = item.config.stash[_BROKER]
        report.user_properties += [(_KAFKA, broker.get(_KAFKA, "")), (_NO_KAFKA, broker.get(_NO_KAFKA, ""))]
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the last line, after pytest's own."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    broker_tests = config.stash.get(_BROKER_TESTS, None)
    if terminal is not None and broker_tests is not None:
        terminal.write_line(f"broker tests: {broker_tests}")

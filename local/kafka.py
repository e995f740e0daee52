"""Which Kafka: the one that the environment names, else a container, else a JVM; before 3.3, a JVM with a ZooKeeper."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.broker import Broker, Elsewhere
from local.container import ContainerBroker
from local.errors import NoKafka
from local.jars import kafka_release
from local.jvm import OLDEST_JAVA, JvmBroker
from local.ready import is_listening
from local.releases import Release
from local.zookeeper import ZooKeeperBroker

VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
"""Names a Kafka to use instead of starting one: ``host:port``, several separated by commas."""


@contextmanager
def local_kafka(config: Mapping[str, str] | None = None, *, own: bool = False) -> Iterator[Broker]:
    """Have a Kafka for the length of a ``with``; nothing of it is left afterwards, however this process ends.

    Args:
        config: Broker properties (``server.properties``) that are to differ from ``config.FOR_TESTS``. Without effect
            on a Kafka that the environment names.
        own: Start one even where the environment names a Kafka: for tests that kill it.

    Raises:
        NoKafka: none is available; the message is one sentence that says what to install.
        BrokerFailed: it did not come up, though everything needed is there.
    """
    kafka = _choose(config or {}, own=own)
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


def _choose(config: Mapping[str, str], *, own: bool) -> Broker:
    named = os.environ.get(VARIABLE)
    if named and not own:
        if not is_listening(named):
            raise NoKafka(
                f"{VARIABLE} is {named}, where nothing answers: start a Kafka there, or unset it to get one started."
            )
        return Elsewhere(named)
    release = kafka_release()
    if release.needs_zookeeper:
        return _with_zookeeper(release, config)
    try:
        return ContainerBroker(config)
    except NoKafka as error:
        no_container = error
        if "could not" in str(error):
            print(f"{error}: trying a JVM instead", file=sys.stderr)
    try:
        return JvmBroker(config)
    except NoKafka as error:
        raise NoKafka(
            f"No Kafka is available, since {no_container} and {error}: install Java {OLDEST_JAVA} or newer and Maven, "
            f"or start a Docker engine, or set {VARIABLE} to a running Kafka's host:port."
        ) from None


def _with_zookeeper(release: Release, config: Mapping[str, str]) -> Broker:
    try:
        return ZooKeeperBroker(config)
    except NoKafka as error:
        raise NoKafka(
            f"Apache Kafka {release} runs in a JVM only, and {error}: install Java {OLDEST_JAVA} or newer and Maven."
        ) from None

"""A broker in a Java virtual machine of its own, from the jars of ``jars``."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from local.broker import Broker
from local.config import CLUSTER_ID, HEAP, Node, properties
from local.errors import BrokerFailed, NoKafka
from local.jars import fetched_jars, kafka_version
from local.keeping import Keeper
from local.ports import free_ports
from local.ready import wait_until_ready

OLDEST_JAVA = 17
"""What Apache Kafka 4 needs of a broker's Java."""

_SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class JvmBroker(Broker):
    """Apache Kafka as a program on this machine, with a directory of its own that goes when it goes."""

    KIND: ClassVar = "JVM"

    def __init__(
        self,
        config: Mapping[str, str],
        node: Node | None = None,
        voters: Sequence[Node] = (),
        heap: Sequence[str] = HEAP,
        host: str = "127.0.0.1",
    ) -> None:
        """Find Java and Kafka, fetching the latter where this is the first time; nothing runs yet.

        ``node`` is its place in a cluster of ``voters``; without, it is a cluster of its own. ``host``: the address of
        this machine that it listens on, and that clients are sent to.

        Raises:
            NoKafka: Java, or Maven and the jars, are not available.
        """
        self._java = find_java()
        self._jars = fetched_jars()
        self._node = node or Node(1, *free_ports(2))
        self._voters = voters or (self._node,)
        self._config, self._heap, self._host = config, heap, host
        self._keeper = Keeper()
        super().__init__(f"{host}:{self._node.port}", f"Apache Kafka {kafka_version()} ({self.KIND})")

    @property
    def directory(self) -> Path:
        """Where its data, its configuration and its ``log`` are while it lives."""
        return self._keeper.directory

    @property
    def pid(self) -> int | None:
        """The process id of the JVM that runs, or ran last."""
        return self._keeper.pid

    def start(self) -> None:
        """Start it, and return when it serves clients."""
        settings = self.directory / "server.properties"
        try:
            if not settings.exists():
                (self.directory / "tmp").mkdir()
                self._begin(settings)
            self._keeper.run(*self._command(*self._heap, "kafka.Kafka", str(settings)))
            wait_until_ready(self.bootstrap_servers, lambda: self._keeper.exit_code() is None)
        except BrokerFailed as error:
            raise BrokerFailed(f"{error}: {self._keeper.last_words}") from None

    def kill(self) -> None:
        """End it without notice, and return when it is gone."""
        self._keeper.signal(signal.SIGKILL)
        self._keeper.exit_code(timeout=None)

    def shut_down(self) -> None:
        """End it in order, its leaders moved to other nodes where there are any, and return when it is gone."""
        self._keeper.signal(signal.SIGTERM)
        self._keeper.exit_code(timeout=None)

    def pause(self) -> None:
        """Make it hang."""
        self._keeper.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._keeper.signal(signal.SIGCONT)

    def wait(self) -> None:
        """Return when it ended."""
        self._keeper.exit_code(timeout=None)

    def stop(self) -> None:
        """End it and remove its directory."""
        self._keeper.close()

    def _begin(self, settings: Path) -> None:
        """Write the configuration, and make an empty log, since Kafka starts on nothing else: in it are the cluster's
        name and the features to begin with.
        """
        wanted = properties(
            listen=self._host,
            advertised=self._host,
            node=self._node,
            voters=self._voters,
            data=str(self.directory / "data"),
            config=self._config,
        )
        write(settings, wanted)
        format_ = ("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(settings))
        self._keeper.run(*self._command(*_SHORT_LIVED, *format_))
        if self._keeper.exit_code(timeout=None):
            raise BrokerFailed("the local Kafka broker refused its configuration")

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return (
            self._java,
            "-XX:-UsePerfData",  # else a killed JVM leaves a file in the system's temporary directory
            f"-Djava.io.tmpdir={self.directory / 'tmp'}",  # nor its unpacked native libraries
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            f"{self._jars}/*",
            *arguments,
        )


def write(file: Path, properties: Mapping[str, str]) -> None:
    """Write a file of properties."""
    file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))


def find_java() -> str:
    """Return the path of a Java that is new enough. Raises `NoKafka` where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=Path(home, "bin")) if home else None
    java = java or shutil.which("java")
    if java is None:
        raise NoKafka("no Java is on the PATH")
    said = subprocess.run(
        [java, "-version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    ).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise NoKafka(f"{java} is older than Java {OLDEST_JAVA}")
    return java

"""A broker in a container, where a Docker engine answers."""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping

from local.broker import Broker
from local.config import CLUSTER_ID, HEAP, Node, properties
from local.errors import BrokerFailed, NoKafka
from local.jars import kafka_version
from local.keeping import Keeper
from local.ports import free_ports
from local.ready import wait_until_ready

_CONTROLLER_PORT = 19_093


class ContainerBroker(Broker):
    """Apache Kafka's own image, in a container that goes when it goes."""

    def __init__(self, config: Mapping[str, str]) -> None:
        """Find a Docker engine and make the container, fetching the image the first time; nothing runs yet.

        Raises:
            NoKafka: no Docker engine answers, or it cannot get the image.
        """
        self._docker = _find_docker()
        (port,) = free_ports(1)
        super().__init__(f"127.0.0.1:{port}", f"Apache Kafka {kafka_version()} (container)")
        self._name = f"local-kafka-{uuid.uuid4().hex[:12]}"
        self._keeper = Keeper(at_end=[[self._docker, "rm", "--force", "--volumes", self._name]])
        try:
            self._create(port, config)
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start it, and return when it serves clients."""
        self._keeper.run(self._docker, "start", "--attach", self._name)
        try:
            wait_until_ready(self.bootstrap_servers, lambda: self._keeper.exit_code() is None)
        except BrokerFailed as error:
            raise BrokerFailed(f"{error}: {self._keeper.last_words}") from None

    def kill(self) -> None:
        """End it without notice, and return when it is gone."""
        self._tell("kill")
        self._keeper.exit_code(timeout=None)

    def pause(self) -> None:
        """Make it hang."""
        self._tell("pause")

    def resume(self) -> None:
        """Let it go on."""
        self._tell("unpause")

    def wait(self) -> None:
        """Return when it ended."""
        self._keeper.exit_code(timeout=None)

    def stop(self) -> None:
        """End it and remove the container with its data."""
        self._keeper.close()

    def _create(self, port: int, config: Mapping[str, str]) -> None:
        image = f"apache/kafka:{kafka_version()}"
        node = Node(1, port, _CONTROLLER_PORT)
        wanted = properties(
            listen="0.0.0.0",  # noqa: S104 - inside the container; outside it is published on the loopback address only
            node=node,
            voters=[node],
            data="/tmp/kafka-data",  # noqa: S108 - inside the container
            config=config,
        )
        environment = {_as_variable(name): value for name, value in wanted.items()}
        environment |= {"CLUSTER_ID": CLUSTER_ID, "KAFKA_HEAP_OPTS": " ".join(HEAP)}
        print(f"starting {image} in a container (the first time fetches the image) …", file=sys.stderr)
        self._keeper.run(
            *(self._docker, "create", "--name", self._name, "--publish", f"127.0.0.1:{port}:{port}"),
            *(part for name, value in environment.items() for part in ("--env", f"{name}={value}")),
            image,
        )
        if self._keeper.exit_code(timeout=None):
            raise NoKafka(f"the Docker engine could not make a container of {image} ({self._keeper.last_words})")

    def _tell(self, verb: str) -> None:
        subprocess.run([self._docker, verb, self._name], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _as_variable(name: str) -> str:
    """Return the environment variable that the image reads a property from."""
    return "KAFKA_" + name.replace("_", "__").replace("-", "___").replace(".", "_").upper()


def _find_docker() -> str:
    """Find the client, and ask whether an engine really answers it."""
    docker = shutil.which("docker")
    if docker is None:
        raise NoKafka("no Docker is on the PATH")
    try:
        said = subprocess.run(
            [docker, "info", "--format", "{{.ServerVersion}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=5,
        )
    except subprocess.TimeoutExpired:
        raise NoKafka("no Docker engine answered within 5 s") from None
    if said.returncode or not said.stdout.strip():
        raise NoKafka("no Docker engine answers")
    return docker

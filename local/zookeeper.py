"""A broker of Apache Kafka before 3.3, with the ZooKeeper that it needs (newer ones do without: KIP-833)."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from local.config import properties_with_zookeeper
from local.errors import BrokerFailed
from local.jvm import JvmBroker, write
from local.keeping import Keeper
from local.ports import free_ports
from local.ready import wait_until_listening

_HEAP = ("-Xms64m", "-Xmx128m")


class ZooKeeperBroker(JvmBroker):
    """A broker, and a ZooKeeper of its own, which is among its jars. That one goes on while the broker is killed."""

    KIND: ClassVar = "JVM, with ZooKeeper"

    def __init__(self, config: Mapping[str, str]) -> None:
        """As of every broker in a JVM."""
        super().__init__(config)
        (self._port,) = free_ports(1)
        self._zookeeper = Keeper()

    def stop(self) -> None:
        """End both, and remove their directories."""
        super().stop()
        self._zookeeper.close()

    def _begin(self, settings: Path) -> None:
        directory = self._zookeeper.directory
        properties = directory / "zookeeper.properties"
        address = {"clientPortAddress": "127.0.0.1", "clientPort": f"{self._port}", "admin.enableServer": "false"}
        write(properties, {"dataDir": f"{directory / 'data'}", "tickTime": "500", "maxClientCnxns": "0", **address})
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        self._zookeeper.run(*self._command(*_HEAP, main, f"{properties}"))
        try:
            wait_until_listening(f"127.0.0.1:{self._port}", lambda: self._zookeeper.exit_code() is None)
        except BrokerFailed as error:
            raise BrokerFailed(f"{error}: {self._zookeeper.last_words}") from None
        data = str(self.directory / "data")
        wanted = properties_with_zookeeper(node=self._node, zookeeper=self._port, data=data, config=self._config)
        write(settings, wanted)

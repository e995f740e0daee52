"""What a local Kafka can do, whatever it runs in."""

from abc import ABC, abstractmethod

from local.errors import BrokerFailed


class Broker(ABC):
    """A Kafka broker.

    ``kill``, ``start``, ``pause`` and ``resume`` are for tests of faults. After a ``kill``, ``start`` brings the same
    broker back, on the same port and with the same data; that takes 12 s, of which 9 are the controller's patience with
    the dead one (``broker.session.timeout.ms``, which a test may set lower).
    """

    def __init__(self, bootstrap_servers: str, description: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.description = description
        """What it is, for people: ``Apache Kafka 4.1.2 (JVM)``."""

    @abstractmethod
    def start(self) -> None:
        """Start it, and return when it serves clients.

        Raises:
            BrokerFailed: it ended instead, or took longer than ``ready.PATIENCE``.
        """

    @abstractmethod
    def kill(self) -> None:
        """End it without notice (SIGKILL), and return when it is gone."""

    @abstractmethod
    def pause(self) -> None:
        """Make it hang: connections stay open, nothing answers (SIGSTOP)."""

    @abstractmethod
    def resume(self) -> None:
        """Let a hanging one go on (SIGCONT)."""

    @abstractmethod
    def wait(self) -> None:
        """Return when it ended; at once where it is not ours."""

    @abstractmethod
    def stop(self) -> None:
        """End it, and leave nothing behind. It cannot be started again."""

    def restart(self) -> None:
        """End it without notice and start it again, on the same port and with the same data."""
        self.kill()
        self.start()


class Elsewhere(Broker):
    """A Kafka that someone else runs: used, never started nor stopped."""

    def __init__(self, bootstrap_servers: str) -> None:
        super().__init__(bootstrap_servers, "your Kafka")

    def start(self) -> None:
        """It runs already."""

    def wait(self) -> None:
        """It is not ours to wait for."""

    def stop(self) -> None:
        """It is not ours to stop."""

    def kill(self) -> None:
        """Refuse: it is not ours."""
        raise self._refusal("kill")

    def pause(self) -> None:
        """Refuse: it is not ours."""
        raise self._refusal("pause")

    def resume(self) -> None:
        """Refuse: it is not ours."""
        raise self._refusal("resume")

    def _refusal(self, what: str) -> BrokerFailed:
        return BrokerFailed(f"{self.description} is not ours to {what}: ask for local_kafka(own=True).")

"""Whether a broker serves clients: asked of itself, in Kafka's own words, since an open port says little."""

import socket
import struct
import time
from collections.abc import Callable

from local.errors import BrokerFailed

PATIENCE = 90.0
"""How long a broker may take to come up, in seconds: on a busy machine the 5 s become many."""

_METADATA, _VERSION, _CORRELATION = 3, 1, 7
_NO_TOPICS = 0


def wait_until_ready(address: str, is_alive: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Return when the broker at ``address`` (``host:port``) serves clients.

    Raises:
        BrokerFailed: it is not alive any more, or did not serve within ``patience`` seconds.
    """
    _wait("the local Kafka broker", address, serves, is_alive, patience)


def wait_until_listening(address: str, is_alive: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Return when a ZooKeeper accepts connections, all that a broker waits for. Raises as `wait_until_ready`."""
    _wait("the local ZooKeeper", address, is_listening, is_alive, patience)


def _wait(what: str, address: str, ready: Callable[[str], bool], is_alive: Callable[[], bool], patience: float) -> None:
    deadline = time.monotonic() + patience
    while not ready(address):
        if not is_alive():
            raise BrokerFailed(f"{what} ended before it was ready")
        if time.monotonic() > deadline:
            raise BrokerFailed(f"{what} at {address} was not ready within {patience:.0f} s")
        time.sleep(0.1)


def serves(address: str, timeout: float = 2.0) -> bool:
    """Ask for the cluster's metadata: it lists a broker only from when that one has registered and caught up."""
    body = struct.pack(">hhih", _METADATA, _VERSION, _CORRELATION, -1) + struct.pack(">i", _NO_TOPICS)
    try:
        with socket.create_connection(_split(address), timeout) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            _, correlation, brokers = struct.unpack(">iii", _read(connection, 12))
    except (OSError, struct.error):
        return False
    return bool(correlation == _CORRELATION and brokers > 0)


def is_listening(addresses: str, timeout: float = 5.0) -> bool:
    """Whether anything accepts connections at one of ``addresses`` (``host:port``, separated by commas)."""
    for address in addresses.split(","):
        try:
            socket.create_connection(_split(address), timeout).close()
        except (OSError, ValueError):
            continue
        return True
    return False


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.strip().rpartition(":")
    return host.strip("[]"), int(port)


def _read(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size and (part := connection.recv(size - len(read))):
        read += part
    return read

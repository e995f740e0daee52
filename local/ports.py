"""Free ports."""

import random
import socket

# Below the range that the kernel gives to clients (from 32768 on): there, a client that asks for a broker which is down
# can be given the broker's own port to ask from, connect to itself, and keep the broker from coming back.
_RANGE = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Find ``count`` different TCP ports that are free on this machine's loopback address.

    Raises:
        OSError: hardly any port is free.
    """
    found: list[int] = []
    for port in random.sample(_RANGE, k=1000):
        if len(found) == count:
            return found
        if _is_free(port):
            found.append(port)
    raise OSError(
        f"found {len(found)} free ports on 127.0.0.1 between {_RANGE.start} and {_RANGE.stop}, {count} needed."
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

"""Where a worker's web port is: as a setting says it, and as the group is told, by a URL."""

import re
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from yarl import URL

LONGEST: Final = 253
"""Characters of a host's name (RFC 1035)."""

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]@]+)(?::([0-9]{1,5}))?")


class Address(NamedTuple):
    """A host and a port."""

    host: str
    """A name, or an IP address: version 6 without brackets."""
    port: int
    """From 1 to 65535."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Reached(NamedTuple):
    """What the group is told of a worker: where it is reached, and what it is called."""

    address: Address | None
    """None where it has no web port."""
    name: str
    """Its static name in the group, or else its address."""

    @property
    def url(self) -> str:
        """As the group is told."""
        address = self.address or Address("0.0.0.0", 0)  # noqa: S104 - nobody is reached there
        return f"http://{address}/" + ("" if self.name == str(address) else f"#{self.name}")


def address(text: str, port: int) -> Address:
    """What ``host`` or ``host:port`` says; ``port`` where it says none. An IPv6 address may stand without brackets.

    Raises ValueError, which says what it should be.
    """
    if text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    match = _ADDRESS.fullmatch(text)
    if match is not None:
        host, number = match[1].strip("[]"), int(match[2] or port)
        if number < 2**16 and (match[2] is None or number) and _is_host(host, match[1].startswith("[")):
            return Address(host.lower(), number)
    raise ValueError("must be host or host:port, such as 10.2.3.4, [fd00::7]:8080 or worker-1.example.com:8080")


def reached(url: str) -> Reached | None:
    """What a URL of the group says, which may be anything; None where it is none that a worker tells."""
    try:
        parsed = URL(url)
        host, port, name = parsed.host, parsed.explicit_port, parsed.fragment
    except ValueError:
        return None
    plain = parsed.scheme == "http" and parsed.path in ("", "/") and not parsed.query_string and parsed.user is None
    if not plain or host is None or port is None or not _is_host(host, ":" in host):
        return None
    where = Address(host, port) if port else None
    if not name and where is not None:
        return Reached(where, str(where))
    return Reached(where, name) if len(name) <= LONGEST and _NAME.fullmatch(name) else None


def _is_host(host: str, version_6: bool) -> bool:
    if not version_6:
        return len(host) <= LONGEST and _HOST.fullmatch(host) is not None
    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False

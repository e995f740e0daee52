"""The address of a worker's web port: as a setting gives it, and as the URL that the group's members have."""

import re
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from yarl import URL

MAX_HOST_LENGTH: Final = 253
"""The longest host name, in characters (RFC 1035)."""

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]@]+)(?::([0-9]{1,5}))?")


class Address(NamedTuple):
    """A host and a port."""

    host: str
    """A name or an IP address; an IPv6 address has no brackets."""
    port: int
    """The port, from 1 to 65535."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Reached(NamedTuple):
    """Where a worker is reached, and its name; the group's members get both in a URL."""

    address: Address | None
    """The address of its web port; None if it has none."""
    name: str
    """Its `CORRELATOR_INSTANCE_ID`, or else its address."""

    @property
    def url(self) -> str:
        """The URL for the group: the address, with the name as its fragment."""
        address = self.address or Address("0.0.0.0", 0)  # noqa: S104 - nobody is reached there
        return f"http://{address}/" + ("" if self.name == str(address) else f"#{self.name}")


def address(text: str, port: int) -> Address:
    """The address that a text (``host`` or ``host:port``) gives; ``port`` is the default. An IPv6 address needs no
    brackets.

    Raises `ValueError`, with a message that says what is expected.
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
    """Where the worker with this URL in the group is reached; None if the URL, which may be any text, is none."""
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
    return Reached(where, name) if len(name) <= MAX_HOST_LENGTH and _NAME.fullmatch(name) else None


def _is_host(host: str, version_6: bool) -> bool:
    if not version_6:
        return len(host) <= MAX_HOST_LENGTH and _HOST.fullmatch(host) is not None
    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False

"""The requests that a broker must know. It says which it knows on connecting, before anything is created or joined."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from correlator.topics.connection_errors import Reason


class Need(NamedTuple):
    """A request that the stage cannot do without."""

    request: str
    api_key: int
    version: int
    release: str
    """The first release of Apache Kafka that knows this version of the request."""
    purpose: str


_MEMBER: Final = "a worker commits offsets as a member of its group (KIP-447)"
_REPLACED: Final = "a worker hears from its group that another process has its instance id (KIP-345)"
_PERMITTED: Final = "a client asks before it starts what it is permitted to do (KIP-430)"

NEEDED: Final = (
    Need("TxnOffsetCommit", 28, 3, "2.5", _MEMBER),
    Need("OffsetFetch", 9, 7, "2.5", _MEMBER),
    Need("Heartbeat", 12, 4, "2.4", _REPLACED),
    Need("Metadata", 3, 8, "2.3", _PERMITTED),
    Need("DescribeGroups", 15, 3, "2.3", _PERMITTED),
)
"""The newest requests come first, as an error names the first one missing. The bridge and the `topics` commands need as
much as the worker that they work for. Requests that the stage can do without are not in it (ListTransactions).
"""

Versions = Mapping[int, tuple[int, int]]
"""The oldest and the newest version of each request that a broker knows, by API key."""


def lacking(server: str, versions: Versions) -> Reason | None:
    """Why a broker with these versions will not do; None if it will."""
    for need in NEEDED:
        oldest, newest = versions.get(need.api_key, (0, -1))
        if newest < need.version:
            return Reason(
                f"Kafka at {server} is too old: {need.purpose}, which takes Apache Kafka {need.release} or newer."
            )
        if oldest > need.version:
            return Reason(
                f"Kafka at {server} does not take {need.request} v{need.version} any more:"
                " use a newer release of the correlator."
            )
    return None

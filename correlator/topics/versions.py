"""Which requests a broker must know: it says so when it is connected to, before anything is created or joined."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from correlator.topics.connection_errors import Reason


class Need(NamedTuple):
    """A request that the stage cannot do without."""

    request: str
    api_key: int
    version: int
    release: str
    """The first Apache Kafka that knows it in this version."""
    purpose: str


_MEMBER: Final = "a worker commits offsets as a member of its group (KIP-447)"
_REPLACED: Final = "a worker hears from its group that another process has its instance id (KIP-345)"
_PERMITTED: Final = "what a client is permitted to do is asked before the start (KIP-430)"

NEEDED: Final = (
    Need("TxnOffsetCommit", 28, 3, "2.5", _MEMBER),
    Need("OffsetFetch", 9, 7, "2.5", _MEMBER),
    Need("Heartbeat", 12, 4, "2.4", _REPLACED),
    Need("Metadata", 3, 8, "2.3", _PERMITTED),
    Need("DescribeGroups", 15, 3, "2.3", _PERMITTED),
)
"""The newest first, as the first that is lacking is told. The bridge and `topics` commands ask for as much as a worker,
for whom they work. What is done without where a broker does not know it is not among them (ListTransactions).
"""

Versions = Mapping[int, tuple[int, int]]
"""By API key, the oldest and the newest version that a broker knows."""


def lacking(server: str, versions: Versions) -> Reason | None:
    """Why a broker will not do, by what it says of itself; None where it will."""
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

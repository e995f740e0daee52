"""The setting of a search: which protocol each worker follows, with its guards as data, on which lanes and brokers."""

from typing import Any, NamedTuple

INPUT, TIME = "input", "time"
"""The input of a lane: records that are there from the beginning, or what time makes due, which moves no offset."""


class EngineProtocol(NamedTuple):
    """The protocol of an engine. Each field is a guard or an order of steps; without one, the search must
    find a fault.
    """

    id_of: str = "worker"
    """Who owns a transactional id: a ``worker``, which commits all its lanes at once, or a ``lane``."""
    before_joining: tuple[str, ...] = ()
    """The steps of taking over that are done before the group has answered, rather than after."""
    taking_over: tuple[str, ...] = ("foreign", "offsets", "ends", "changelog")
    """The steps of taking over, in their order. ``fence``: InitProducerId of the lanes' ids. ``foreign``: the same for
    every worker that has a transaction open and is no member. ``offsets``: OffsetFetch. ``ends``: ListOffsets of the
    changelogs. ``changelog``: they are read up to there.
    """
    stable: bool = True
    """Whether OffsetFetch waits for pending offsets (``require_stable``)."""
    end: str = "high watermark"
    """Up to where a changelog is read: its ``high watermark``, or its ``last stable offset`` at that moment."""
    member: str | None = "of the assignment"
    """The member and generation that TxnOffsetCommit names: those ``of the assignment`` that the beat belongs to, those
    that the client has ``now``, or none.
    """
    deliveries: str | None = "offsets"
    """What is sent only after all records are delivered: ``offsets`` and what follows, or only the ``end``."""
    offsets: str = "all"
    """The lanes whose offsets a beat sends: ``all``; those that ``moved``; or those, but ``all if none`` did."""
    finishes: bool = True
    """Whether a beat is finished before the group is joined again."""
    applies: str = "committed"
    """When a table takes a beat's changes: once they are ``committed``, or ``delivered``."""
    renews: bool = True
    """Whether the next transaction gets a new epoch after a request was sent twice."""
    kept: str | None = None
    """Which lanes are not taken over anew: those held in the generation before (``consecutive``), or at any time
    (``ever``).
    """


WORKER = EngineProtocol()
"""The present protocol: one transaction for everything that a worker holds."""

LANE = EngineProtocol(
    id_of="lane",
    taking_over=("fence", "ends", "changelog", "offsets"),
    stable=False,
    end="last stable offset",
    member=None,
)
"""The former protocol: a transaction and an id for each partition; its next owner fences the last one by
InitProducerId.
"""


class Setting(NamedTuple):
    """The participants, and the faults that may occur."""

    protocols: tuple[EngineProtocol, ...] = (WORKER, WORKER)
    """The protocol of each worker."""
    lanes: tuple[int | str, ...] = (INPUT,)
    """For each lane, what it reads: INPUT, TIME, or the output of a lane."""
    holders: tuple[int, ...] = (0,)
    """For each lane, the worker that holds it in the beginning."""
    records: int = 2
    """How many records each input holds, and how often time makes something due."""
    faults: int = 2
    """The most faults that occur."""
    starts: int = 0
    """The most ended processes that start again. None has to: the others must be able to go on."""
    verified: bool = True
    """Whether a partition asks the coordinator if it is part of the transaction (KIP-890, part 1: Kafka 3.7). Otherwise
    it only refuses epochs older than one that it has seen.
    """
    static: bool = True
    """Whether a process that starts again is the same member of the group (KIP-345)."""
    disk: bool = True
    """Whether tables outlive the process, and the times in which somebody else holds the lane."""
    repeats: bool = False
    """Whether a client may send a request again, as no answer came, and both arrive."""
    readers_only: bool = False
    """Whether to judge only what readers see, and not what successors recover."""

    @property
    def workers(self) -> int:
        return len(self.protocols)

    @property
    def ids(self) -> int:
        """How many transactional ids there are: those of the workers, then those of the lanes if any
        protocol has them.
        """
        lanes = any(it.id_of == "lane" or "fence" in it.taking_over for it in self.protocols)
        return self.workers + len(self.lanes) * lanes

    def id_of_lane(self, lane: int) -> int:
        return self.workers + lane


def all_keep_to(protocol: EngineProtocol, *, workers: int = 2, **others: Any) -> Setting:
    """A setting in which all workers follow the same protocol."""
    return Setting((protocol,) * workers)._replace(**others)

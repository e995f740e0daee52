"""The state of the model at a moment, as a value. Lane i has partition 2i as its changelog and 2i + 1 as its output."""

from typing import Any, NamedTuple

OPEN, COMMITTED, ABORTED = "open", "committed", "aborted"
EMPTY, ONGOING, COMMITTING, ABORTING = "empty", "ongoing", "committing", "aborting"
ENDED, TAKING_OVER, RUNNING, BEATING = "ended", "taking over", "running", "beating"

OFFSETS = -1
"""The partition of ``__consumer_offsets`` that is the group's."""

Request = tuple[Any, ...]
"""The request's name, then its arguments."""

Table = tuple[tuple[int, ...], int]
"""The values applied, in their order, and the changelog's offset up to which they are."""


class Entry(NamedTuple):
    """A record in a partition. Markers are not entries: they change the state of their transaction's entries."""

    id: int
    value: Any
    state: str


class Txn(NamedTuple):
    """What the coordinator knows about a transactional id."""

    epoch: int
    state: str = EMPTY
    partitions: frozenset[int] = frozenset()
    """The partitions in the transaction; once it is decided, those without a marker yet."""


class Group(NamedTuple):
    generation: int
    rebalancing: bool
    members: tuple[int, ...]
    """By worker, its member id; 0 if it is not a member."""
    joined: frozenset[int]
    """The workers that have joined since the rebalance began."""
    holders: tuple[int, ...]
    """By lane, the worker that it is assigned to."""


class BeatRecord(NamedTuple):
    """A record that a beat processes: its lane, the offset to continue at, its value, and the state that it is applied
    to.
    """

    lane: int
    end: int
    value: int
    state: tuple[int, ...]


class Worker(NamedTuple):
    """A process. It only ever waits for answers: instead of a slow or paused process, there are slow answers."""

    step: str
    member: int = 0
    generation: int = 0
    lanes: tuple[int, ...] = ()
    epochs: tuple[int, ...] = ()
    """By id, its own epochs; 0 for others' ids."""
    positions: tuple[int, ...] = ()
    """By lane, where its input is read next."""
    tables: tuple[Table, ...] = ()
    todo: tuple[str, ...] = ()
    """The steps of taking over that are left."""
    fresh: tuple[int, ...] = ()
    """The lanes that are taken over."""
    ends: tuple[int, ...] = ()
    """The offsets up to which their changelogs are read."""
    held: tuple[int, tuple[int, ...]] = (0, ())
    """The last generation in which it held lanes, and these lanes."""
    beat: tuple[BeatRecord, ...] = ()
    member_of_beat: tuple[int, int, int] | None = None
    """Worker, member and generation, as of the assignment that the beat belongs to."""
    done: int = 0
    """How many of a beat's four requests to coordinators are answered."""
    assigned: tuple[int, ...] | None = None
    """The lanes it was assigned during a beat, if the protocol allows that."""
    repeated: bool = False
    """Whether a request was sent twice under the present epoch."""
    waiting: frozenset[Request] = frozenset()
    """Requests under way."""


class World(NamedTuple):
    logs: tuple[tuple[Entry, ...], ...]
    epochs: tuple[tuple[int, ...], ...]
    """By partition, the last one being OFFSETS, and by id: the latest epoch that a marker brought."""
    offsets: tuple[int, ...]
    """By lane, the committed offset."""
    pending: frozenset[tuple[int, int, int]]
    """Id, lane, offset: sent in a transaction whose marker has not come."""
    txns: tuple[Txn, ...]
    group: Group
    workers: tuple[Worker, ...]
    late: frozenset[Request]
    """Requests of processes that have ended, and first copies of repeated ones: they arrive at any time, or never."""
    faults: int
    starts: int
    """The most starts that are still to come."""


def put(items: tuple[Any, ...], index: int, item: Any) -> tuple[Any, ...]:
    index %= len(items)
    return (*items[:index], item, *items[index + 1 :])


def last_stable(log: tuple[Entry, ...]) -> int:
    """Where the first open transaction begins."""
    return next((offset for offset, entry in enumerate(log) if entry.state is OPEN), len(log))

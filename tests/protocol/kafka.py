"""The brokers: how they handle the requests that matter here, of transactions and of reading."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.protocol import group
from tests.protocol.setting import Setting
from tests.protocol.world import (
    ABORTED,
    ABORTING,
    COMMITTED,
    COMMITTING,
    EMPTY,
    OFFSETS,
    ONGOING,
    OPEN,
    Entry,
    Request,
    Txn,
    World,
    last_stable,
    put,
)

REFUSED = "refused"
"""The answer to a request that is fenced, of another generation, or not in a transaction. A process that
gets it ends.
"""
UNDER_WAY = "under way"
"""The answer while a request is being carried out: the client repeats it (CONCURRENT_TRANSACTIONS)."""

Answers = Iterable[tuple[Any, World]]


def handle(setting: Setting, world: World, request: Request) -> Answers:
    """The possible answers, each with the world after it; none while the client must wait."""
    return HANDLERS[request[0]](setting, world, *request[1:])


def init(_: Setting, world: World, id_: int) -> Answers:
    """InitProducerId: the id has a new owner. An open transaction is aborted first, and its markers are waited for."""
    txn = world.txns[id_]
    if txn.state is ONGOING:
        return [(UNDER_WAY, abort(world, id_))]
    if txn.state is not EMPTY:
        return []
    return [(txn.epoch + 1, world._replace(txns=put(world.txns, id_, Txn(txn.epoch + 1))))]


def abort(world: World, id_: int) -> World:
    """Abort a transaction, after InitProducerId or a timeout. A new epoch fences its producer."""
    txn = world.txns[id_]
    return world._replace(txns=put(world.txns, id_, Txn(txn.epoch + 1, ABORTING, txn.partitions)))


def add(_: Setting, world: World, id_: int, epoch: int, partitions: frozenset[int]) -> Answers:
    """AddPartitionsToTxn and AddOffsetsToTxn, which wait for the markers of the previous transaction."""
    txn = world.txns[id_]
    if epoch != txn.epoch:
        return [(REFUSED, world)]
    if txn.state is COMMITTING or txn.state is ABORTING:
        return []
    return [("added", world._replace(txns=put(world.txns, id_, Txn(epoch, ONGOING, txn.partitions | partitions))))]


def writable(setting: Setting, world: World, id_: int, epoch: int, partition: int) -> bool:
    """Whether a partition accepts a producer's record."""
    if setting.verified:
        txn = world.txns[id_]
        return txn.epoch == epoch and txn.state is ONGOING and partition in txn.partitions
    return world.epochs[partition][id_] <= epoch


def produce(setting: Setting, world: World, id_: int, epoch: int, partition: int, value: Any) -> Answers:
    if not writable(setting, world, id_, epoch, partition):
        return [(REFUSED, world)]
    log = (*world.logs[partition], Entry(id_, value, OPEN))
    return [("delivered", world._replace(logs=put(world.logs, partition, log)))]


def send_offsets(
    setting: Setting,
    world: World,
    id_: int,
    epoch: int,
    member: tuple[int, int, int] | None,
    ends: tuple[tuple[int, int], ...],
) -> Answers:
    """TxnOffsetCommit. A generation is valid until the next one begins; a request that names none is not checked."""
    if not (member is None or group.knows(world.group, *member)):
        return [(REFUSED, world)]
    if not writable(setting, world, id_, epoch, OFFSETS):
        return [(REFUSED, world)]
    lanes = {lane for lane, _ in ends}
    others = {it for it in world.pending if it[0] != id_ or it[1] not in lanes}
    return [("pending", world._replace(pending=frozenset(others | {(id_, *end) for end in ends})))]


def end(setting: Setting, world: World, id_: int, epoch: int) -> Answers:
    """EndTxn to commit, answered once the commit is decided. Markers come later, partition by partition; in outputs
    that no lane reads, they come at once here, as nobody could tell the difference.
    """
    txn = world.txns[id_]
    if epoch != txn.epoch or txn.state is ABORTING:
        return [(REFUSED, world)]
    if txn.state is not ONGOING:
        return [("committed", world)]
    world = world._replace(txns=put(world.txns, id_, txn._replace(state=COMMITTING)))
    for partition in sorted(txn.partitions):
        if partition % 2 and partition != OFFSETS and partition // 2 not in setting.lanes:
            world = mark(setting, world, id_, partition)
    return [("committed", world)]


def mark(setting: Setting, world: World, id_: int, partition: int) -> World:
    """A decided transaction's marker reaches a partition."""
    txn = world.txns[id_]
    left, committed = txn.partitions - {partition}, txn.state is COMMITTING
    world = world._replace(txns=put(world.txns, id_, txn._replace(partitions=left) if left else Txn(txn.epoch)))
    if not setting.verified:
        seen = put(world.epochs[partition], id_, txn.epoch)
        world = world._replace(epochs=put(world.epochs, partition, seen))
    if partition == OFFSETS:
        offsets = list(world.offsets)
        for owner, lane, offset in world.pending:
            if owner == id_ and committed:
                offsets[lane] = offset
        pending = frozenset(it for it in world.pending if it[0] != id_)
        return world._replace(offsets=tuple(offsets), pending=pending)
    state = COMMITTED if committed else ABORTED
    log = tuple(it._replace(state=state) if it.state is OPEN and it.id == id_ else it for it in world.logs[partition])
    return world._replace(logs=put(world.logs, partition, log))


def orphans(setting: Setting, world: World) -> Answers:
    """ListTransactions and DescribeGroups: the ids with an open transaction whose workers are no members."""
    members = world.group.members
    return [(tuple(it for it in range(setting.workers) if world.txns[it].state is ONGOING and not members[it]), world)]


def fetch_offsets(_: Setting, world: World, lanes: tuple[int, ...], stable: bool) -> Answers:
    if stable and any(lane in lanes for _, lane, _ in world.pending):
        return []
    return [(tuple(world.offsets[lane] for lane in lanes), world)]


def list_ends(_: Setting, world: World, lanes: tuple[int, ...], isolated: bool) -> Answers:
    logs = [world.logs[2 * lane] for lane in lanes]
    return [(tuple(last_stable(log) if isolated else len(log) for log in logs), world)]


def fetch(_: Setting, world: World, lanes: tuple[int, ...], ends: tuple[int, ...]) -> Answers:
    """Fetch as a reader of committed records, up to ``ends`` or as far as possible."""
    stable = tuple(last_stable(world.logs[2 * lane]) for lane in lanes)
    if any(there < upto for there, upto in zip(stable, ends, strict=True)):
        return []
    return [(there, world) for there in {ends, stable}]


HANDLERS: dict[str, Callable[..., Answers]] = {
    "InitProducerId": init,
    "AddToTxn": add,
    "Produce": produce,
    "TxnOffsetCommit": send_offsets,
    "EndTxn": end,
    "ListTransactions": orphans,
    "OffsetFetch": fetch_offsets,
    "ListOffsets": list_ends,
    "Fetch": fetch,
    "JoinGroup": group.join,
    "SyncGroup": group.sync,
}

EFFECTIVE = ("InitProducerId", "AddToTxn", "Produce", "TxnOffsetCommit", "EndTxn")
"""Requests that have an effect even if nobody waits for the answer."""

"""What a worker does in a beat: process a record of each lane that has one, and commit all of it."""

from collections.abc import Iterator

from tests.protocol import joining
from tests.protocol.setting import INPUT, TIME, Setting
from tests.protocol.world import (
    BEATING,
    COMMITTED,
    OFFSETS,
    RUNNING,
    TAKING_OVER,
    BeatRecord,
    Request,
    Worker,
    World,
    last_stable,
)


def available(setting: Setting, world: World, worker: Worker, lane: int) -> BeatRecord | None:
    """The next record that a reader of committed records finds in a lane's input; or the next thing that time makes
    due.
    """
    position, source, state = worker.positions[lane], setting.lanes[lane], worker.tables[lane][0]
    if source == INPUT:
        return BeatRecord(lane, position + 1, position, state) if position < setting.records else None
    if source == TIME:
        return BeatRecord(lane, position, len(state), state) if len(state) < setting.records else None
    log = world.logs[2 * int(source) + 1]
    for offset in range(position, last_stable(log)):
        if log[offset].state is COMMITTED:
            return BeatRecord(lane, offset + 1, log[offset].value[0], state)
    return None


def beats(setting: Setting, world: World, slot: int) -> Iterator[Worker]:
    """The beats that may begin: one with all lanes, or one for each lane."""
    worker = world.workers[slot]
    protocol = setting.protocols[slot]
    if worker.repeated and protocol.renews:
        own = [slot] if protocol.id_of == "worker" else map(setting.id_of_lane, worker.lanes)
        requests = frozenset(("InitProducerId", id_) for id_ in own)
        yield worker._replace(step=TAKING_OVER, repeated=False, waiting=worker.waiting | requests)
        return
    parts = tuple(part for lane in worker.lanes if (part := available(setting, world, worker, lane)))
    if not parts:
        return
    for beat in [parts] if protocol.id_of == "worker" else [(part,) for part in parts]:
        begun = worker._replace(step=BEATING, beat=beat, done=0)
        if protocol.member == "of the assignment":
            begun = begun._replace(member_of_beat=member_now(setting, slot, worker))
        partitions = frozenset(2 * part.lane + it for part in beat for it in (0, 1))
        yield begun._replace(waiting=worker.waiting | {("AddToTxn", *own_id(setting, slot, begun), partitions)})


def own_id(setting: Setting, slot: int, worker: Worker) -> tuple[int, int]:
    """The id under which a beat is published, and its epoch."""
    lane = setting.protocols[slot].id_of == "lane"
    id_ = setting.id_of_lane(worker.beat[0].lane) if lane else slot
    return id_, worker.epochs[id_]


def member_now(setting: Setting, slot: int, worker: Worker) -> tuple[int, int, int] | None:
    """What the client knows about its membership: nothing, if it has lost it and is not static."""
    return (slot, worker.member, worker.generation) if worker.member or setting.static else None


def records(setting: Setting, slot: int, worker: Worker) -> frozenset[Request]:
    id_, epoch = own_id(setting, slot, worker)
    changes = {("Produce", id_, epoch, 2 * part.lane, part.value) for part in worker.beat}
    effects = {("Produce", id_, epoch, 2 * part.lane + 1, (part.value, part.state)) for part in worker.beat}
    return frozenset(changes | effects)


def go_on(setting: Setting, world: World, slot: int, worker: Worker) -> Worker:
    """Send the beat's next request to a coordinator, if nothing holds it back."""
    protocol = setting.protocols[slot]
    if worker.done == 0:
        return worker
    kinds = {request[0] for request in worker.waiting}
    delivered = "Produce" not in kinds
    if delivered and worker.done == 1 and protocol.applies == "delivered":
        worker = applied(setting, world, slot, worker)
    if kinds & {"AddToTxn", "TxnOffsetCommit", "EndTxn"}:
        return worker
    if worker.done == 4:
        return finished(setting, world, slot, worker)
    if not delivered and (protocol.deliveries, worker.done) in {("offsets", 1), ("end", 3)}:
        return worker
    own, offsets = own_id(setting, slot, worker), offsets_of(setting, slot, worker)
    if worker.done == 1 and not offsets:
        worker = worker._replace(done=3)
    member = member_now(setting, slot, worker) if protocol.member == "now" else worker.member_of_beat
    request: Request = (
        ("AddToTxn", *own, frozenset({OFFSETS})),
        ("TxnOffsetCommit", *own, member, offsets),
        ("EndTxn", *own),
    )[worker.done - 1]
    return worker._replace(waiting=worker.waiting | {request})


def offsets_of(setting: Setting, slot: int, worker: Worker) -> tuple[tuple[int, int], ...]:
    everything = tuple((part.lane, part.end) for part in worker.beat)
    moved = tuple(it for it in everything if setting.lanes[it[0]] != TIME)
    which = setting.protocols[slot].offsets
    return everything if which == "all" or (which == "all if none" and not moved) else moved


def applied(setting: Setting, world: World, slot: int, worker: Worker) -> Worker:
    """Apply the changes to the tables, with the offset after them."""
    tables, (id_, _) = list(worker.tables), own_id(setting, slot, worker)
    for part in worker.beat:
        log = world.logs[2 * part.lane]
        behind = max((offset + 1 for offset, entry in enumerate(log) if entry.id == id_), default=0)
        tables[part.lane] = ((*part.state, part.value), max(tables[part.lane][1], behind))
    return worker._replace(tables=tuple(tables))


def finished(setting: Setting, world: World, slot: int, worker: Worker) -> Worker:
    """End a beat that is committed."""
    if setting.protocols[slot].applies == "committed":
        worker = applied(setting, world, slot, worker)
    ends = {part.lane: part.end for part in worker.beat}
    positions = tuple(ends.get(lane, it) for lane, it in enumerate(worker.positions))
    lanes = worker.assigned
    worker = worker._replace(step=RUNNING, positions=positions, beat=(), member_of_beat=None, done=0, assigned=None)
    if {request[0] for request in worker.waiting} & {"JoinGroup", "SyncGroup"}:
        return worker._replace(step=TAKING_OVER, lanes=())
    return worker if lanes is None else joining.take_over(setting, slot, worker, lanes)

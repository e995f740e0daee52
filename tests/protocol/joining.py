"""How a worker starts, joins the group and takes lanes over."""

from typing import Any

from tests.protocol.setting import Setting
from tests.protocol.world import COMMITTED, ENDED, RUNNING, TAKING_OVER, Request, Worker, World, put


def start(setting: Setting, slot: int, before: Worker) -> Worker:
    """Start a process, with what its predecessor left on disk."""
    lanes = len(setting.lanes)
    tables = before.tables if setting.disk else (((), 0),) * lanes
    new = Worker(TAKING_OVER, epochs=(0,) * setting.ids, positions=(0,) * lanes, tables=tables)
    if setting.protocols[slot].id_of == "worker":
        return new._replace(waiting=frozenset({("InitProducerId", slot)}), todo=join_steps(setting, slot))
    return rejoin(setting, slot, new)


def end(setting: Setting, worker: Worker) -> Worker:
    return Worker(ENDED, tables=worker.tables if setting.disk else ())


def join_steps(setting: Setting, slot: int) -> tuple[str, ...]:
    return (*setting.protocols[slot].before_joining, "join")


def rejoin(setting: Setting, slot: int, worker: Worker) -> Worker:
    """Give up all lanes, and join the group again."""
    protocol, lanes = setting.protocols[slot], tuple(range(len(setting.lanes)))
    if not protocol.kept:
        worker = worker._replace(positions=(0,) * len(lanes))
    if protocol.id_of == "lane":
        worker = worker._replace(epochs=(0,) * setting.ids, repeated=False)
    worker = worker._replace(step=TAKING_OVER, generation=0, lanes=(), fresh=lanes, ends=())
    return proceed(setting, slot, worker._replace(todo=join_steps(setting, slot), waiting=frozenset()))


def take_over(setting: Setting, slot: int, worker: Worker, lanes: tuple[int, ...]) -> Worker:
    """Take over the lanes assigned in a generation."""
    protocol, (then, held) = setting.protocols[slot], worker.held
    if protocol.kept == "consecutive" and then != worker.generation - 1:
        held = ()
    fresh = tuple(lane for lane in lanes if lane not in held)
    tables = worker.tables
    if not setting.disk:
        tables = tuple(it if lane in lanes else ((), 0) for lane, it in enumerate(tables))
    worker = worker._replace(step=TAKING_OVER, lanes=lanes, fresh=fresh, tables=tables)
    return proceed(setting, slot, worker._replace(todo=protocol.taking_over if fresh else ()))


def proceed(setting: Setting, slot: int, worker: Worker) -> Worker:
    """Begin the next step of taking over, once all answers to the last one have come."""
    protocol = setting.protocols[slot]
    if worker.waiting:
        return worker
    if not worker.todo:
        if protocol.kept:
            before = worker.held[1] if protocol.kept == "ever" else ()
            worker = worker._replace(held=(worker.generation, tuple(sorted({*before, *worker.lanes}))))
        return worker._replace(step=RUNNING, fresh=(), ends=())
    todo, lanes = worker.todo[0], worker.fresh
    requests: dict[str, set[Request]] = {
        "join": {("JoinGroup", slot, worker.member)},
        "fence": {("InitProducerId", setting.id_of_lane(lane)) for lane in lanes},
        "foreign": {("ListTransactions",)},
        "offsets": {("OffsetFetch", lanes, protocol.stable)},
        "ends": {("ListOffsets", lanes, protocol.end == "last stable offset")},
        "changelog": {("Fetch", lanes, worker.ends)},
    }
    return worker._replace(todo=worker.todo[1:], waiting=frozenset(requests[todo]))


def taken(setting: Setting, world: World, slot: int, worker: Worker, request: Request, answer: Any) -> Worker:
    """The worker after an answer to a step of taking over."""
    if request[0] == "InitProducerId":
        id_ = request[1]
        if id_ < setting.workers and id_ != slot:
            return worker  # of somebody else's id
        return worker._replace(epochs=put(worker.epochs, id_, answer))
    if request[0] == "ListTransactions":
        return worker._replace(waiting=frozenset(("InitProducerId", id_) for id_ in answer if id_ != slot))
    if request[0] == "OffsetFetch":
        found = dict(zip(request[1], answer, strict=True))
        return worker._replace(positions=tuple(found.get(lane, it) for lane, it in enumerate(worker.positions)))
    if request[0] == "ListOffsets":
        found = dict(zip(request[1], answer, strict=True))
        return worker._replace(ends=tuple(found[lane] for lane in request[1]))
    tables = list(worker.tables)
    for lane, upto in zip(request[1], answer, strict=True):
        values, known = tables[lane]
        read = tuple(it.value for it in world.logs[2 * lane][known:upto] if it.state is COMMITTED)
        tables[lane] = (values + read, max(known, upto))
    return worker._replace(tables=tuple(tables))

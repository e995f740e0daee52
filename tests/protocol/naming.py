"""Makes indistinguishable worlds equal: numbers are made as small as possible, and what can no longer have an effect is
dropped. Without this, the search visits ten times as many states.
"""

from collections.abc import Callable, Iterable
from typing import Any

from tests.protocol import group
from tests.protocol.setting import Setting
from tests.protocol.world import OFFSETS, Request, Worker, World

Names = Callable[[int], int]

IN_TRANSACTIONS = ("AddToTxn", "Produce", "TxnOffsetCommit", "EndTxn")


def plain(setting: Setting, before: World, after: World) -> World:
    """``after``, which is one step from ``before``, in its simplest form."""
    if after.late:
        late = frozenset(it for it in after.late if may_matter(setting, after, it))
        after = after._replace(late=late)
    if after.group.generation != before.group.generation:
        after = generations_named(after)
    if after.group.members != before.group.members:
        after = members_named(after)
    if after.txns is not before.txns:
        for id_, (old, new) in enumerate(zip(before.txns, after.txns, strict=True)):
            if old.epoch != new.epoch:
                after = epochs_named(after, id_)
    return after


def may_matter(setting: Setting, world: World, request: Request) -> bool:
    """Whether a late request may still be accepted, now or later."""
    kind, id_ = request[:2]
    if kind == "InitProducerId":
        return True
    if kind == "TxnOffsetCommit" and request[3] is not None and not group.knows(world.group, *request[3]):
        return False
    if setting.verified or kind in ("AddToTxn", "EndTxn"):
        return bool(request[2] == world.txns[id_].epoch)
    return bool(world.epochs[request[3] if kind == "Produce" else OFFSETS][id_] <= request[2])


def names(numbers: Iterable[int], gap: int = 1) -> Names | None:
    """New numbers in the same order, as close as possible, up to ``gap`` apart; 0 stays. None if all numbers stay."""
    new, last, name = {0: 0}, 0, 0
    for number in sorted({it for it in numbers if it}):
        name += min(number - last, gap)
        last, new[number] = number, name
    return None if last == name else new.__getitem__


def all_named(world: World, request: Callable[[Request], Request], worker: Callable[[int, Worker], Worker]) -> World:
    workers = tuple(
        worker(slot, it._replace(waiting=frozenset(map(request, it.waiting)))) for slot, it in enumerate(world.workers)
    )
    return world._replace(workers=workers, late=frozenset(map(request, world.late)))


def requests(world: World, *kinds: str) -> Iterable[Request]:
    for under_way in (*(it.waiting for it in world.workers), world.late):
        yield from (it for it in under_way if it[0] in kinds)


def epochs_named(world: World, id_: int) -> World:
    used = [world.txns[id_].epoch, *(seen[id_] for seen in world.epochs)]
    used += [it.epochs[id_] for it in world.workers if it.epochs]
    used += [it[2] for it in requests(world, *IN_TRANSACTIONS) if it[1] == id_]
    name = names(used)
    if name is None:
        return world

    def put(epochs: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(name(it) if at == id_ else it for at, it in enumerate(epochs))

    def request(it: Request) -> Request:
        return (it[0], id_, name(it[2]), *it[3:]) if it[0] in IN_TRANSACTIONS and it[1] == id_ else it

    txns = tuple(it._replace(epoch=name(it.epoch)) if at == id_ else it for at, it in enumerate(world.txns))
    world = world._replace(txns=txns, epochs=tuple(map(put, world.epochs)))
    return all_named(world, request, lambda _, it: it._replace(epochs=put(it.epochs)))


def generations_named(world: World) -> World:
    used = [world.group.generation, *(it[2] for it in told(world))]
    used += [number for it in world.workers for number in (it.generation, it.held[0])]
    name = names(used, gap=2)
    if name is None:
        return world

    def member(it: Any) -> Any:
        return it and (*it[:2], name(it[2]))

    def worker(_: int, it: Worker) -> Worker:
        held = (name(it.held[0]), it.held[1])
        return it._replace(generation=name(it.generation), held=held, member_of_beat=member(it.member_of_beat))

    world = world._replace(group=world.group._replace(generation=name(world.group.generation)))
    return all_named(world, lambda it: (*it[:3], member(it[3]), it[4]) if it[0] == "TxnOffsetCommit" else it, worker)


def members_named(world: World) -> World:
    named: list[Names | None] = []
    for slot, it in enumerate(world.workers):
        used = [world.group.members[slot], it.member, *(id_ for at, id_, _ in told(world) if at == slot)]
        used += [it[2] for it in requests(world, "JoinGroup", "SyncGroup") if it[1] == slot]
        named.append(names(used))
    if not any(named):
        return world

    def name(slot: int, id_: int) -> int:
        new = named[slot]
        return id_ if new is None else new(id_)

    def member(it: Any) -> Any:
        return it and (it[0], name(it[0], it[1]), it[2])

    def request(it: Request) -> Request:
        if it[0] in ("JoinGroup", "SyncGroup"):
            return (it[0], it[1], name(it[1], it[2]))
        return (*it[:3], member(it[3]), it[4]) if it[0] == "TxnOffsetCommit" else it

    def worker(slot: int, it: Worker) -> Worker:
        return it._replace(member=name(slot, it.member), member_of_beat=member(it.member_of_beat))

    members = tuple(name(slot, it) for slot, it in enumerate(world.group.members))
    return all_named(world._replace(group=world.group._replace(members=members)), request, worker)


def told(world: World) -> Iterable[tuple[int, int, int]]:
    """The members named by beats and their requests."""
    yield from (it.member_of_beat for it in world.workers if it.member_of_beat)
    yield from (it[3] for it in requests(world, "TxnOffsetCommit") if it[3])

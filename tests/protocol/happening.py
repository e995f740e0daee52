"""Everything that may happen next: answers, beats, rebalances, markers, late requests and faults."""

import itertools
from collections.abc import Iterator
from typing import Any

from tests.protocol import beating, group, joining
from tests.protocol.kafka import EFFECTIVE, REFUSED, UNDER_WAY, abort, handle, mark
from tests.protocol.setting import Setting
from tests.protocol.world import (
    ABORTING,
    BEATING,
    COMMITTING,
    ENDED,
    ONGOING,
    RUNNING,
    Group,
    Request,
    Txn,
    Worker,
    World,
    put,
)

MUST, MAY = True, False
"""Whether a step happens at some time if nothing else does. Faults, starts and late requests may never happen."""

JOINING = ("JoinGroup", "SyncGroup")

Label = tuple[Any, ...]
Step = tuple[bool, Label, World]
"""Whether it must happen, what happens, and the world after it."""


def first(setting: Setting) -> World:
    """The first world: all workers run and hold what they are assigned; nothing is processed yet."""
    lanes = len(setting.lanes)
    workers = []
    for slot, protocol in enumerate(setting.protocols):
        mine = tuple(lane for lane, holder in enumerate(setting.holders) if holder == slot)
        own = [slot] if protocol.id_of == "worker" else [setting.id_of_lane(lane) for lane in mine]
        worker = Worker(RUNNING, member=1, generation=1, lanes=mine)
        worker = worker._replace(epochs=tuple(int(id_ in own) for id_ in range(setting.ids)))
        worker = worker._replace(positions=(0,) * lanes, tables=(((), 0),) * lanes)
        workers.append(worker._replace(held=(1, mine)) if protocol.kept else worker)
    return World(
        logs=((),) * (2 * lanes),
        epochs=((0,) * setting.ids,) * (2 * lanes + 1),
        offsets=(0,) * lanes,
        pending=frozenset(),
        txns=(Txn(1),) * setting.ids,
        group=Group(1, False, (1,) * setting.workers, frozenset(), setting.holders),
        workers=tuple(workers),
        late=frozenset(),
        faults=setting.faults,
        starts=setting.starts,
    )


def steps(setting: Setting, world: World) -> Iterator[Step]:
    for slot, worker in enumerate(world.workers):
        if worker.step is not ENDED:
            yield from of_worker(setting, world, slot, worker)
        elif world.starts:
            after = world._replace(starts=world.starts - 1)
            yield MAY, ("starts", slot), with_worker(setting, after, slot, joining.start(setting, slot, worker))
    yield from of_coordinators(setting, world)
    for request in world.late:
        for answer, after in handle(setting, world, request):
            if answer is not REFUSED:
                yield MAY, ("late", request, answer), after._replace(late=world.late - {request})
    if world.faults:
        for label, after in faults(setting, world):
            yield MAY, label, after._replace(faults=world.faults - 1)


def of_worker(setting: Setting, world: World, slot: int, worker: Worker) -> Iterator[Step]:
    for request in worker.waiting:
        for answer, after in handle(setting, world, request):
            label = ("answer", slot, request, answer)
            if answer is UNDER_WAY:
                yield MUST, label, after
                continue
            then = answered(setting, after, slot, request, answer)
            left = worker.waiting - {request} if then.step is ENDED else frozenset()
            yield MUST, label, with_worker(setting, left_behind(after, left), slot, then)
    if worker.step is RUNNING:
        for then in beating.beats(setting, world, slot):
            yield MUST, ("begins", slot, then.beat), with_worker(setting, world, slot, then)
    if worker.assigned is not None or not must_rejoin(world.group, slot, worker):
        return
    if "join" in worker.todo or any(it[0] in JOINING for it in worker.waiting):
        return
    member = worker.member if worker.member == world.group.members[slot] else 0
    if worker.step is not BEATING:
        then = joining.rejoin(setting, slot, worker._replace(member=member))
        yield MUST, ("rejoins", slot), with_worker(setting, left_behind(world, worker.waiting), slot, then)
    elif not setting.protocols[slot].finishes:
        request = ("JoinGroup", slot, member)
        then = worker._replace(member=member, waiting=worker.waiting | {request})
        yield MUST, ("rejoins", slot), with_worker(setting, world, slot, then)
    elif setting.protocols[slot].member == "now" and member != worker.member:
        yield MUST, ("hears", slot), with_worker(setting, world, slot, worker._replace(member=0, generation=0))


def answered(setting: Setting, world: World, slot: int, request: Request, answer: Any) -> Worker:
    """The worker after an answer, with the requests that it then waits for. At any doubt, it ends."""
    worker = world.workers[slot]
    worker = worker._replace(waiting=worker.waiting - {request})
    kind = request[0]
    if answer is REFUSED:
        return joining.end(setting, worker)
    if kind == "JoinGroup":
        return worker._replace(member=answer, waiting=worker.waiting | {("SyncGroup", slot, answer)})
    if kind == "SyncGroup" and answer is None:
        member = worker.member if world.group.members[slot] == worker.member else 0
        return worker._replace(member=member, waiting=worker.waiting | {("JoinGroup", slot, member)})
    if kind == "SyncGroup":
        worker = worker._replace(generation=answer[0])
        if worker.step is BEATING:
            return worker._replace(assigned=answer[1])
        return joining.take_over(setting, slot, worker, answer[1])
    if worker.step is BEATING:
        worker = worker._replace(done=worker.done + (kind != "Produce"))
        if kind != "Produce" and worker.done == 1:
            worker = worker._replace(waiting=worker.waiting | beating.records(setting, slot, worker))
        return beating.go_on(setting, world, slot, worker)
    if kind == "Produce":  # of a beat that did not wait for it
        return worker
    return joining.proceed(setting, slot, joining.taken(setting, world, slot, worker, request, answer))


def must_rejoin(it: Group, slot: int, worker: Worker) -> bool:
    """Whether a heartbeat would make the worker join again."""
    return not group.knows(it, slot, worker.member, worker.generation) or (it.rebalancing and slot not in it.joined)


def of_coordinators(setting: Setting, world: World) -> Iterator[Step]:
    """Steps of the coordinators: markers, timeouts of transactions and sessions of ended processes, completed
    rebalances.
    """
    for id_, txn in enumerate(world.txns):
        if txn.state is COMMITTING or txn.state is ABORTING:
            for partition in txn.partitions:
                yield MUST, ("marker", id_, partition, txn.state), mark(setting, world, id_, partition)
        elif txn.state is ONGOING and not owned(world, id_):
            yield MUST, ("timeout", id_), abort(world, id_)
    it = world.group
    present = [slot for slot, member in enumerate(it.members) if member]
    for slot in present:
        if world.workers[slot].step is ENDED:
            yield MUST, ("expires", slot), world._replace(group=group.expire(it, slot))
    if it.rebalancing and present and it.joined >= set(present):
        for holders in itertools.product(present, repeat=len(setting.lanes)):
            after = world._replace(group=group.complete(it, holders))
            for slot in present:
                after = with_worker(setting, after, slot, after.workers[slot])
            yield MUST, ("completes", holders), after


def owned(world: World, id_: int) -> bool:
    """Whether a worker is about to end the transaction."""
    return any(it.step is BEATING and it.epochs[id_] == world.txns[id_].epoch for it in world.workers)


def faults(setting: Setting, world: World) -> Iterator[tuple[Label, World]]:
    for slot, worker in enumerate(world.workers):
        if worker.step is ENDED:
            continue
        dead = joining.end(setting, worker)
        yield ("killed", slot), with_worker(setting, left_behind(world, worker.waiting), slot, dead)
        if world.group.members[slot]:
            yield ("paused", slot), world._replace(group=group.expire(world.group, slot))
        if setting.repeats:
            for request in worker.waiting:
                if request[0] in EFFECTIVE and request[0] != "Produce":  # a partition knows those by their numbers
                    after = world._replace(late=world.late | {request})
                    yield ("repeats", slot, request), with_worker(setting, after, slot, worker._replace(repeated=True))
    if not world.group.rebalancing:
        yield ("rebalance",), world._replace(group=world.group._replace(rebalancing=True))
    for id_, txn in enumerate(world.txns):
        if txn.state is ONGOING and owned(world, id_):
            yield ("timeout", id_), abort(world, id_)


def with_worker(setting: Setting, world: World, slot: int, worker: Worker) -> World:
    """The world with a worker as it is now. Its requests to the group are answered at once if possible: a worker that
    is slow to ask, or to go on, ends up in the same state.
    """
    world = world._replace(workers=put(world.workers, slot, worker))
    for request in worker.waiting:
        if request[0] in JOINING:
            for answer, after in handle(setting, world, request):
                return with_worker(setting, after, slot, answered(setting, after, slot, request, answer))
    return world


def left_behind(world: World, requests: frozenset[Request]) -> World:
    """The world in which requests that nobody waits for any more may still arrive."""
    left = frozenset(request for request in requests if request[0] in EFFECTIVE)
    return world._replace(late=world.late | left) if left else world

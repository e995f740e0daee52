"""The properties that must hold: for what readers of committed records see and what successors recover, and that work
goes on.
"""

from tests.protocol import group
from tests.protocol.happening import Label
from tests.protocol.setting import INPUT, TIME, Setting
from tests.protocol.world import COMMITTED, COMMITTING, EMPTY, ENDED, OPEN, RUNNING, TAKING_OVER, Entry, World

NAMES = "ABCD"


def wrong(setting: Setting, before: World, label: Label, after: World) -> str | None:
    """What is wrong after a step; None if nothing is."""
    if label[0] == "answer" and not setting.readers_only:
        slot = label[1]
        if before.workers[slot].step is TAKING_OVER and after.workers[slot].step is RUNNING:
            problem = wrongly_recovered(setting, after, slot)
            if problem is not None:
                return problem
    if after.logs is before.logs and after.offsets is before.offsets:
        return None
    for lane in range(len(setting.lanes)):
        problem = wrongly_published(setting, after, lane)
        if problem is not None:
            return problem
    return None


def consumed(setting: Setting, world: World, lane: int, upto: int) -> tuple[int, ...]:
    """The records of a lane's input before an offset; for a lane driven by time, what its changelog says was due."""
    source = setting.lanes[lane]
    if source == INPUT:
        return tuple(range(upto))
    if source == TIME:
        return tuple(it.value for it in world.logs[2 * lane] if decided(world, it))
    return tuple(it.value[0] for it in world.logs[2 * int(source) + 1][:upto] if it.state is COMMITTED)


def decided(world: World, entry: Entry) -> bool:
    """Whether a record is committed, or will be."""
    return entry.state is COMMITTED or (entry.state is OPEN and world.txns[entry.id].state is COMMITTING)


def wrongly_published(setting: Setting, world: World, lane: int) -> str | None:
    """Check that each record has its effect once, on top of those before it, and together with its offset or soon
    after.
    """
    log = world.logs[2 * lane + 1]
    seen = [it.value for it in log if it.state is COMMITTED]
    effects = [value for value, _ in seen]
    for value, state in seen:
        if effects.count(value) > 1:
            return f"readers see the effect of record {value} of lane {lane} twice"
        if state != tuple(range(value)):
            return f"record {value} of lane {lane} was processed on top of {list(state)}"
    coming = [it.value[0] for it in log if decided(world, it)]
    for value in consumed(setting, world, lane, world.offsets[lane]):
        if value not in coming:
            return f"record {value} of lane {lane} is lost: it counts as processed, and its effect will never be seen"
    return None


def wrongly_recovered(setting: Setting, world: World, slot: int) -> str | None:
    """Check that a worker that has taken lanes over and may commit has the state of the offset at which it
    continues.
    """
    worker = world.workers[slot]
    for lane in worker.lanes:
        id_ = setting.id_of_lane(lane)
        if setting.protocols[slot].id_of == "lane":
            may_commit = world.txns[id_].epoch == worker.epochs[id_]
        else:
            may_commit = group.knows(world.group, slot, worker.member, worker.generation)
        goes_on = worker.positions[lane]
        want, got = consumed(setting, world, lane, goes_on), worker.tables[lane][0]
        if may_commit and want != got:
            at = f"offset {goes_on} of lane {lane}, behind the records {list(want)}"
            return f"{NAMES[slot]} goes on at {at}; its table holds {list(got)}"
    return None


def stuck(setting: Setting, world: World) -> str | None:
    """What stays undone although a worker is there and nothing more has to happen."""
    if all(worker.step is ENDED for worker in world.workers):
        return None
    for lane in range(len(setting.lanes)):
        if len(consumed(setting, world, lane, world.offsets[lane])) < setting.records:
            return f"lane {lane} stays at offset {world.offsets[lane]} for ever"
    if any(txn.state is not EMPTY for txn in world.txns) or world.pending:
        return "a transaction is never ended"
    if any(it.state is OPEN for log in world.logs for it in log):
        return "readers wait for ever"
    return None

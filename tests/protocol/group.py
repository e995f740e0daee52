"""The group coordinator. Rebalances are eager: all members give up what they hold, and join."""

from collections.abc import Iterable
from typing import Any

from tests.protocol.setting import Setting
from tests.protocol.world import Group, World, put


def knows(group: Group, slot: int, member: int, generation: int) -> bool:
    """Whether this is the worker's current member, in this generation."""
    return member != 0 and group.members[slot] == member and group.generation == generation


def join(setting: Setting, world: World, slot: int, member: int) -> Iterable[tuple[Any, World]]:
    """JoinGroup. A static member that comes back to a stable group gets its old place back, in the same generation,
    under a new id.
    """
    group = world.group
    known = group.members[slot]
    if not known or member != known:
        worker = world.workers[slot]
        used = worker.member_of_beat[1] if worker.member_of_beat else 0
        group = group._replace(members=put(group.members, slot, max(known, worker.member, used) + 1))
    if group.rebalancing or not (setting.static and known and not member):
        group = group._replace(rebalancing=True, joined=group.joined | {slot})
    return [(group.members[slot], world._replace(group=group))]


def sync(_: Setting, world: World, slot: int, member: int) -> Iterable[tuple[Any, World]]:
    """SyncGroup: returns the generation and the lanes once all have joined; None if the worker must join again."""
    group = world.group
    if group.members[slot] != member or (group.rebalancing and slot not in group.joined):
        return [(None, world)]
    if group.rebalancing:
        return []
    return [((group.generation, tuple(lane for lane, holder in enumerate(group.holders) if holder == slot)), world)]


def expire(group: Group, slot: int) -> Group:
    """Remove a worker whose session, or rebalance timeout, has expired."""
    return group._replace(rebalancing=True, members=put(group.members, slot, 0), joined=group.joined - {slot})


def complete(group: Group, holders: tuple[int, ...]) -> Group:
    """Begin a generation, as all members have joined."""
    return Group(group.generation + 1, rebalancing=False, members=group.members, joined=frozenset(), holders=holders)

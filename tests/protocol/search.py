"""The search: it visits every state that can be reached from the first one, whatever the order of events."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.protocol import judge
from tests.protocol.happening import Label, first, steps
from tests.protocol.naming import plain
from tests.protocol.setting import Setting
from tests.protocol.world import World


class Result(NamedTuple):
    setting: Setting
    states: int
    steps: int
    """How many steps between states were tried."""
    seconds: float
    """CPU seconds."""
    whole: bool
    """Whether all states were visited, and nothing is wrong with any of them."""
    wrong: str | None = None
    path: tuple[tuple[Label, World], ...] = ()
    """The steps from the first state to the faulty one, each with the state after it."""


def search(setting: Setting, *, most: int = 50_000_000) -> Result:
    """Search breadth first, so that a fault is found by the shortest path. ``most``: how many states to visit."""
    began = time.process_time()
    begin = first(setting)
    came: dict[World, World] = {begin: begin}
    taken, level, wrong, at = 0, [begin], None, begin

    with without_collecting():
        while level and wrong is None and len(came) < most:
            level, before = [], level
            for world in before:
                goes_on = False
                for must, label, then in steps(setting, world):
                    goes_on, taken = goes_on or must, taken + 1
                    after = plain(setting, world, then)
                    known = len(came)
                    came.setdefault(after, world)
                    if len(came) == known:
                        continue
                    level.append(after)
                    wrong, at = judge.wrong(setting, world, label, after), after
                    if wrong is not None:
                        break
                if wrong is None and not goes_on:
                    wrong, at = judge.stuck(setting, world), world
                if wrong is not None:
                    break
        path = () if wrong is None else tuple(way(setting, came, at))[::-1]
    whole = not level and wrong is None
    return Result(setting, len(came), taken, time.process_time() - began, whole, wrong, path)


def way(setting: Setting, came: dict[World, World], at: World) -> Iterator[tuple[Label, World]]:
    """The steps that led to a state, the last one first."""
    while (before := came[at]) is not at:
        yield next(label for _, label, after in steps(setting, before) if plain(setting, before, after) == at), at
        at = before


@contextmanager
def without_collecting() -> Iterator[None]:
    """Turn off garbage collection: it would look through millions of live tuples, and take longer than the search."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

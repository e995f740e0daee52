"""What a tour is made of."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Final, NamedTuple

from chaos.kubernetes import changes, ends
from chaos.kubernetes.cluster import Cluster


class Act(NamedTuple):
    """Something that happens, as the table names it."""

    name: str
    play: Callable[[Cluster, Random], Awaitable[str]]
    """Returns what it did. Raises `chaos.trial.Failure`."""


ACTS: Final[dict[str, tuple[Act, ...]]] = {
    acts[0].name: acts
    for acts in (
        (Act("process kill -9", ends.kill),),
        (Act("pod deleted", ends.delete),),
        (Act("pod deleted by force", ends.delete_by_force),),
        (Act("rolling restart", changes.roll),),
        (Act("one worker more", changes.one_more), Act("one worker less", changes.one_less)),
        (Act("drained", ends.drain),),
        (Act("broker denied by policy", changes.without_broker),),
        (Act("out of memory", ends.out_of_memory),),
        (Act("RocksDB added", changes.to_disk), Act("RocksDB taken away", changes.to_memory)),
        (Act("back to the release before", changes.downgrade), Act("upgrade from it", changes.upgrade)),
    )
}
"""By the first one's name: what goes together, so that all is as it was after the last."""

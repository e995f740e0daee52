"""How Faust's assignor shares partitions, by itself: what docs/operating.md says of it, and why a divisor is best."""

from collections.abc import Iterable
from math import ceil

import pytest
from faust.assignor.client_assignment import CopartitionedAssignment
from faust.assignor.copartitioned_assignor import CopartitionedAssignor
from hypothesis import given
from hypothesis import strategies as st


class Group:
    """Workers by name, in the order in which they joined, and what they hold."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._held: dict[str, CopartitionedAssignment] = {}

    def join(self, *workers: str) -> None:
        """They join together."""
        self._held |= {worker: CopartitionedAssignment(topics={"input"}) for worker in workers}
        self.rebalance()

    def leave(self, worker: str) -> None:
        """It leaves, or dies."""
        del self._held[worker]
        self.rebalance()

    def rebalance(self) -> None:
        """As one by which nobody comes or goes, too."""
        CopartitionedAssignor(["input"], self._held, self._partitions, replicas=0).get_assignment()

    @property
    def workers(self) -> list[str]:
        """Their names."""
        return list(self._held)

    @property
    def shares(self) -> list[int]:
        """How many each holds, the most first."""
        return sorted((len(it.actives) for it in self._held.values()), reverse=True)

    @property
    def owners(self) -> dict[int, str]:
        """By partition, who holds it."""
        return {partition: name for name, it in self._held.items() for partition in it.actives}


def joined(partitions: int, workers: Iterable[int]) -> Group:
    """A group of workers that joined one after the other."""
    group = Group(partitions)
    for number in workers:
        group.join(f"worker-{number}")
    return group


@pytest.mark.parametrize(
    "partitions, shares",
    [
        (4, [[4], [2, 2], [2, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0]]),
        (8, [[8], [4, 4], [3, 3, 2], [2, 2, 2, 2], [2, 2, 2, 1, 1], [2, 2, 1, 1, 1, 1]]),
        (12, [[12], [6, 6], [4, 4, 4], [3, 3, 3, 3], [3, 3, 3, 2, 1], [2, 2, 2, 2, 2, 2]]),
    ],
)
def test_workers_that_join_one_after_the_other(partitions: int, shares: list[list[int]]):
    assert [joined(partitions, range(count + 1)).shares for count in range(6)] == shares


COMING_AND_GOING = st.lists(st.sampled_from([*range(8)]), min_size=1, max_size=30)


@given(partitions=st.integers(1, 24), toggled=COMING_AND_GOING)
def test_however_they_come_and_go_none_is_idle_unless_there_are_more_than_partitions(
    partitions: int, toggled: list[int]
):
    group = Group(partitions)
    for number in toggled:
        name = f"worker-{number}"
        group.leave(name) if name in group.workers and len(group.workers) > 1 else group.join(name)
        shares = group.shares
        assert sum(shares) == partitions
        assert shares[0] <= ceil(partitions / len(shares))
        assert sum(share > 0 for share in shares) == min(len(shares), partitions)


@pytest.mark.parametrize(
    "partitions, workers, moves",
    [(12, 1, False), (12, 4, False), (12, 6, False), (24, 8, False), (8, 3, True), (12, 5, True), (24, 7, True)],
)
def test_a_rebalance_in_which_nobody_comes_or_goes_moves_partitions_only_where_shares_are_uneven(
    partitions: int, workers: int, moves: bool
):
    group = joined(partitions, range(workers))
    before = group.owners
    group.rebalance()
    assert (group.owners != before) is moves

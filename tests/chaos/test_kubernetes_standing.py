"""For how long a partition stood still."""

from chaos.kubernetes.standing import Longest, Standing


def told(*looks: tuple[float, dict[str, int]], begins: float = 0.0) -> Standing:
    """After these looks; it counts from a moment on."""
    standing, begun = Standing(), False
    for at, offsets in looks:
        if at >= begins and not begun:
            standing.begin(begins)
            begun = True
        standing.see(at, offsets)
    return standing


def test_a_partition_stands_still_between_two_offsets():
    standing = told((0, {"events-0": 1}), (1, {"events-0": 2}), (4, {"events-0": 2}), (9, {"events-0": 3}))
    assert standing.longest(9) == Longest(8, "events-0")


def test_one_that_still_does_counts():
    standing = told((0, {"a": 1, "b": 1}), (1, {"a": 2, "b": 2}), (7, {"a": 3, "b": 2}))
    assert standing.longest(8) == Longest(7, "b")


def test_what_was_before_the_beginning_does_not_count():
    standing = told((0, {"a": 1}), (50, {"a": 2}), (61, {"a": 3}), begins=60)
    assert standing.longest(61) == Longest(1, "a")


def test_all_move_again_when_the_last_one_has():
    standing = told((0, {"a": 1, "b": 1}), (5, {"a": 2, "b": 1}))
    assert not standing.moved_since(4)
    standing.see(6, {"a": 2, "b": 2})
    assert standing.moved_since(4)
    assert not standing.moved_since(5)  # `a` has not since


def test_nothing_moves_before_the_first_look():
    assert not Standing().moved_since(0)

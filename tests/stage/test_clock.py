"""The process's clock, and what a jump of the wall clock would do without it."""

import time

from correlator.clock import steady_clock
from correlator.core import PartitionClock

SECOND, DAY = 1_000_000, 86_400 * 1_000_000


class Machine:
    def __init__(self) -> None:
        self.booted, self.jumped = 5_000_000_000, 0

    def pass_(self, microseconds: int) -> None:
        self.booted += microseconds * 1000

    def wall(self) -> int:
        return 1_795_000_000_000_000_000 + self.booted + self.jumped


def test_it_is_the_wall_clock_to_begin_with_and_goes_on_evenly():
    machine = Machine()
    clock = steady_clock(machine.wall, lambda: machine.booted)
    began = clock()
    assert began == machine.wall() // 1000
    machine.pass_(90 * SECOND)
    assert clock() == began + 90 * SECOND


def test_a_jump_of_the_wall_clock_makes_nothing_due():
    for jump in (DAY, -DAY):
        machine = Machine()
        clock = steady_clock(machine.wall, lambda machine=machine: machine.booted)
        partition = PartitionClock(clock())
        began = partition.observe(clock(), clock(), clock())
        machine.jumped = jump * 1000
        machine.pass_(90 * SECOND)
        assert partition.rest(clock()) == began + 90 * SECOND


def test_the_real_one_tells_the_time():
    assert abs(steady_clock()() - time.time_ns() // 1000) < SECOND

"""Schedules: the same from the same seed, and every fault as often as every other."""

from collections import Counter
from itertools import islice

import click
import pytest

from chaos.__main__ import chosen
from chaos.faults import FAULTS
from chaos.schedule import schedule


def test_the_same_seed_gives_the_same_schedule():
    first, again, other = (list(islice(schedule(seed, list(FAULTS)), 40)) for seed in (1, 1, 2))
    assert first == again != other


def test_every_fault_has_its_turn():
    faults = list(FAULTS)
    throws = list(islice(schedule(3, faults), 3 * len(faults)))
    assert Counter(throw.fault for throw in throws) == dict.fromkeys(faults, 3)
    assert [throw.number for throw in throws] == list(range(1, 3 * len(faults) + 1))


@pytest.mark.parametrize(
    ("names", "brokers", "again", "last"),
    [
        ("worker SIGTERM, broker hangs", 1, ["worker SIGTERM", "broker hangs"], []),
        ("broker dead for good,leaders moved", 3, ["leaders moved"], ["broker dead for good"]),
        ("broker dead for good,leaders moved,worker SIGINT", 1, ["worker SIGINT"], []),
    ],
)
def test_what_can_be_thrown(names: str, brokers: int, again: list[str], last: list[str]):
    assert chosen(names, brokers) == (again, last)


def test_what_is_no_fault():
    with pytest.raises(click.UsageError, match=r"'rain' is no fault: choose among worker kill -9, "):
        chosen("rain", 1)

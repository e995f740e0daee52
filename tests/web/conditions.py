"""Conditions that a stage may be in."""

from typing import Any

from correlator.condition import Condition
from correlator.engine import Standstill

_WELL = Condition(
    ready=True,
    standstill=Standstill("nothing", 0),
    to_recover=0,
    partitions={},
    lags={},
    uncommitted={},
    still_open=lambda _: {},
)


def condition(**changes: Any) -> Condition:
    """That of a stage that is well and holds nothing, but for what is given."""
    return _WELL._replace(**changes)

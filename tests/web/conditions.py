"""Conditions of a stage."""

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
    """The condition of a healthy stage that holds nothing, except for what is given."""
    return _WELL._replace(**changes)

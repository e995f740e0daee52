"""What a case says."""

from typing import NamedTuple

from correlator.core import Rules
from correlator.event import Kind
from tests.core.scenes import Step

RUN, UPTIME = Kind.FLOW_RUN, Kind.WORKER


class Case(NamedTuple):
    """A rule by its name: what comes, in order of arrival, every version published, and what is open then."""

    name: str
    steps: list[Step]
    published: list[str]
    kind: Kind = RUN
    rules: Rules = Rules()
    open: tuple[str, ...] = ()

"""The form of a case."""

from typing import NamedTuple

from correlator.core import Rules
from correlator.event import Kind
from tests.core.scenes import Step

RUN, UPTIME = Kind.FLOW_RUN, Kind.WORKER


class Case(NamedTuple):
    """Events in order of arrival, every version published, and what is open in the end."""

    rule: str
    """The rules that it shows, as they are cited: ``rule M4``, ``rules M4 and M9``."""
    what: str
    steps: list[Step]
    published: list[str]
    kind: Kind = RUN
    rules: Rules = Rules()
    open: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The id of its tests: ``pytest -k M4`` runs the cases of rule M4."""
        return f"{self.rule}: {self.what}"

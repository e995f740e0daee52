"""Saying once, in words for people, that nobody tells when a run ends whose worker does not wait."""

import logging

from correlator.core import Decision

log = logging.getLogger(__name__)

SAID = (
    "nothing was heard of flow run %s: its worker does not wait for what it creates, and neither the events of"
    " its pods or tasks nor its own states are in the topic. Without them its end stays unknown, and it will be lost;"
    " docs/operating.md, Kubernetes and ECS, says what must be there. This is said once; further ones are counted in"
    " prefect_correlator_silent_runs_total"
)


class Silence:
    """One a process: there may be thousands of such runs, of one cause."""

    def __init__(self) -> None:
        self._said = False

    def note(self, decision: Decision) -> None:
        """Warn of the first run that a decision found silent (rule W5)."""
        if not decision.silent or self._said:
            return
        self._said = True
        # Forgotten in the same step, it was published with it.
        of = decision.lifecycles[0] if decision.state is None else decision.state
        log.warning(SAID, of.subject)

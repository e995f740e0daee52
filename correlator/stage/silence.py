"""Warns once that nothing reports the ends of runs whose worker does not wait for them."""

import logging

from correlator.core import Decision

log = logging.getLogger(__name__)

WARNING = (
    "nothing was heard of flow run %s: its worker does not wait for what it creates, and the topic has neither events"
    " of its pods or tasks nor its states. Without them its end stays unknown, and the run will be lost:"
    " docs/operating.md, Kubernetes and ECS, says what must be there. This warning comes once;"
    " prefect_correlator_silent_runs_total counts further runs"
)


class Silence:
    """Warns once per process: there may be thousands of such runs, all for the same reason."""

    def __init__(self) -> None:
        self._said = False

    def note(self, decision: Decision) -> None:
        """Warn of the first run that a decision found silent (rule W5)."""
        if not decision.silent or self._said:
            return
        self._said = True
        # A run that the decision also forgets has no state any more, but its record is among those published.
        of = decision.lifecycles[0] if decision.state is None else decision.state
        log.warning(WARNING, of.subject)

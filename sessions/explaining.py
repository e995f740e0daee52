"""Explains the records of ``make demo-prefect`` in words."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

EXPECTED: Final = {"completes": "completed", "raises": "completed", "exits": "completed", "sleeps": "cancelled"}
"""The outcome of each flow's run."""

_RUNS: Final = {
    "completes": "It took {duration_seconds:.1f} s from its submit until its process had exited. Its own code began"
    " after {startup_seconds:.1f} s: before that, Python starts, and Prefect loads the flow.",
    "raises": "Its process began and ended, so it is completed. How the flow fared is in its state: {state[type]}. The"
    " exit code says little: since Prefect 3.8.4, a flow that raises exits with 0.",
    "exits": "This is completed, too. The process exited with {infrastructure[status_code]}, and so the state is"
    " {state[type]}.",
    "sleeps": "It was cancelled. That outranks everything else that is known about it.",
}
_WORKER: Final = "It was up from its start to its stop. A worker that is still up has no record."
_FOLLOWS: Final = (
    "The end names its start. Prefect omits the name if the two are 5 minutes or more apart; then the stage finds the"
    " start by itself."
)
_AMENDED: Final = "More became known, so the record was published again. The last version of each record is the truth."


def why(records: Iterable[Mapping[str, Any]], *, amended: bool) -> Iterator[tuple[str, str]]:
    """Pairs of a subject and its explanation. ``amended``: whether any record was published again."""
    flows = {record["flow"]["name"]: record for record in records if "flow_run" in record}
    yield from ((name, text.format_map(flows[name])) for name, text in _RUNS.items())
    yield from ((record["worker"]["name"], _WORKER) for record in records if "flow_run" not in record)
    yield "follows", _FOLLOWS
    if amended:
        yield "amended", _AMENDED

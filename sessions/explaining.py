"""Why the records of ``make demo-prefect`` are what they are, in words."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

EXPECTED: Final = {"completes": "completed", "raises": "completed", "exits": "completed", "sleeps": "cancelled"}
"""By flow, the outcome of its run."""

_RUNS: Final = {
    "completes": "From its submit until its process had exited, {duration_seconds:.1f} s went by. Its own code began"
    " after {startup_seconds:.1f} s: before that, Python starts, and Prefect loads the flow.",
    "raises": "Its process began and ended, so it is completed. How the flow fared is in its state: {state[type]}. The"
    " exit code says little: since Prefect 3.8.4, a flow that raises exits with 0.",
    "exits": "This is completed, too. The process exited with {infrastructure[status_code]}, and so the state is"
    " {state[type]}.",
    "sleeps": "It was cancelled. That outranks all else that is known of it.",
}
_WORKER: Final = "It was up from its start to its stop. A worker that is still up has no record."
_FOLLOWS: Final = (
    "The end names its start. Prefect omits that if the two are 5 minutes or more apart, and then the stage finds the"
    " start by itself."
)
_AMENDED: Final = "More was known, so the record came again. The last one of each is the truth."


def why(records: Iterable[Mapping[str, Any]], *, amended: bool) -> Iterator[tuple[str, str]]:
    """What is to be explained, and why it is so. ``amended``: whether any record came again."""
    flows = {record["flow"]["name"]: record for record in records if "flow_run" in record}
    yield from ((name, text.format_map(flows[name])) for name, text in _RUNS.items())
    yield from ((record["worker"]["name"], _WORKER) for record in records if "flow_run" not in record)
    yield "follows", _FOLLOWS
    if amended:
        yield "amended", _AMENDED

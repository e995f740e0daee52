"""Which of Prefect's events are ours: the one table of their names, and the byte search made from it."""

import re
from collections import defaultdict
from enum import StrEnum
from typing import Final

from msgspec import Struct

from correlator.event import Exit, Kind, Role, StateType


class Speaker(StrEnum):
    """What kind of resource an event is about. The value is the prefix of that resource's id."""

    WORKER = "prefect.worker."
    RUNNER = "prefect.runner."
    POD = "prefect.kubernetes.pod."
    TASK = "prefect.ecs.task."
    FLOW_RUN = "prefect.flow-run."


class Meaning(Struct, frozen=True):
    """What an event's name means."""

    kind: Kind
    role: Role
    speaker: Speaker
    exit: Exit | None = None
    """For a phase: how the pod or task ended, if it did."""


def _phase(speaker: Speaker, exit_: Exit | None = None) -> Meaning:
    return Meaning(Kind.FLOW_RUN, Role.PHASE, speaker, exit_)


MEANINGS: Final = {
    "prefect.worker.started": Meaning(Kind.WORKER, Role.START, Speaker.WORKER),
    "prefect.worker.stopped": Meaning(Kind.WORKER, Role.END, Speaker.WORKER),
    "prefect.worker.submitted-flow-run": Meaning(Kind.FLOW_RUN, Role.START, Speaker.WORKER),
    "prefect.worker.executed-flow-run": Meaning(Kind.FLOW_RUN, Role.END, Speaker.WORKER),
    "prefect.worker.cancelled-flow-run": Meaning(Kind.FLOW_RUN, Role.CANCELLATION, Speaker.WORKER),
    "prefect.runner.cancelled-flow-run": Meaning(Kind.FLOW_RUN, Role.CANCELLATION, Speaker.RUNNER),
    "prefect.kubernetes.pod.pending": _phase(Speaker.POD),
    "prefect.kubernetes.pod.running": _phase(Speaker.POD),
    "prefect.kubernetes.pod.succeeded": _phase(Speaker.POD, Exit.SUCCEEDED),
    "prefect.kubernetes.pod.failed": _phase(Speaker.POD, Exit.FAILED),
    "prefect.kubernetes.pod.evicted": _phase(Speaker.POD, Exit.EVICTED),
    "prefect.ecs.task.provisioning": _phase(Speaker.TASK),
    "prefect.ecs.task.pending": _phase(Speaker.TASK),
    "prefect.ecs.task.activating": _phase(Speaker.TASK),
    "prefect.ecs.task.running": _phase(Speaker.TASK),
    "prefect.ecs.task.deactivating": _phase(Speaker.TASK),
    "prefect.ecs.task.stopping": _phase(Speaker.TASK),
    "prefect.ecs.task.deprovisioning": _phase(Speaker.TASK),
    "prefect.ecs.task.stopped": _phase(Speaker.TASK, Exit.STOPPED),
}
"""Prefect's event names (rule F8), except those of states, which users may choose freely."""

STATES: Final = {
    "RUNNING": Meaning(Kind.FLOW_RUN, Role.RUNNING, Speaker.FLOW_RUN),
    **{type_.value: Meaning(Kind.FLOW_RUN, Role.STATE, Speaker.FLOW_RUN) for type_ in StateType},
}
"""The meaning of a flow run's state, by its type."""

NAMES: Final = {
    **{(meaning.kind, meaning.role): name for name, meaning in MEANINGS.items()},
    (Kind.FLOW_RUN, Role.CREATION): "prefect.worker.executed-flow-run",
    (Kind.FLOW_RUN, Role.CANCELLATION): "prefect.runner.cancelled-flow-run",
    (Kind.FLOW_RUN, Role.PHASE): "prefect.kubernetes.pod.*, prefect.ecs.task.*",
    (Kind.FLOW_RUN, Role.RUNNING): "prefect.flow-run.Running",
    (Kind.FLOW_RUN, Role.STATE): "prefect.flow-run.*",
}
"""Prefect's name for an event, by kind and role: if there are several, the most common one, or their pattern."""


def state_meaning(name: str, state_type: str | None) -> Meaning | None:
    """The meaning of an event whose name is not in `MEANINGS`: that of its state's type, if it is about a flow run.
    None if it is not an event of ours.
    """
    return STATES.get(state_type) if state_type is not None and name.startswith(Speaker.FLOW_RUN) else None


def _searched() -> tuple[bytes, bytes]:
    """Two regular expressions: one for our names, one for what they begin with. Names with a common beginning share it.

    On a foreign event of 1.3 kB, one expression takes 1.1 µs; `in` takes 2.9 µs for five names.
    """
    ends: defaultdict[str, list[str]] = defaultdict(list)
    for name in MEANINGS:
        head, dot, tail = name.rpartition(".")
        ends[head + dot].append(tail)
    alike = (f"{re.escape(head)}(?:{'|'.join(map(re.escape, tails))})" for head, tails in ends.items())
    return "|".join(alike).encode(), "|".join(map(re.escape, ends)).encode()


_OURS, _BEGINNINGS = _searched()
_STATE = rb'prefect\.state-type"\s*+:\s*+"(?:' + "|".join(STATES).encode() + rb')"'

# Most of a topic is not ours. Prefect writes the name second, so the first bytes settle nearly every event in 0.3 µs.
# Any order of keys is safe: before the name, the expression skips only whole members.
_begins = re.compile(
    rb'\s*+\{\s*+(?:"occurred"\s*+:\s*+"[^"\\]*+"\s*+,\s*+)?+"event"\s*+:\s*+"'
    rb"(?:(" + re.escape(Speaker.FLOW_RUN).encode() + rb")|(?!" + _BEGINNINGS + rb"))"
).match
_names_ours = re.compile(_OURS + rb"|" + _STATE).search
_is_in_a_state_of_ours = re.compile(_STATE).search


def may_concern_us(value: bytes) -> bool:
    """Whether a value may be an event of ours: its first bytes do not name another event, and one of our names, or the
    type of a state, is somewhere in it. JSON escapes are not looked behind: nobody writes them in these names.
    """
    begun = _begins(value)
    if begun is None:
        return _names_ours(value) is not None
    return begun[1] is not None and _is_in_a_state_of_ours(value) is not None

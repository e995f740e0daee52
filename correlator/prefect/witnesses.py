"""Reads the events of witnesses: a pod, a task, or the flow run itself. Nothing but their own labels is
used (rule W1).
"""

from correlator.event import Event, Phase, Role, State, StateType
from correlator.prefect import fields, parsing, resources
from correlator.prefect.invalid import InvalidEvent, quoted
from correlator.prefect.names import Meaning, Speaker
from correlator.prefect.parsing import Message, Resource


def witnessed(message: Message, meaning: Meaning) -> tuple[str, Event]:
    """The UUID of the flow run, and the witness's event. Raises `InvalidEvent`."""
    id_ = fields.event_id(message.id)
    fields.follows(message.follows)
    occurred = fields.occurred(message.occurred)
    own_id = fields.own_id(message.resource.id, meaning.speaker)
    own = message.resource
    truncated = any(label is not None and len(label) > resources.MAX_LABEL for label in _labels(own))
    if meaning.speaker is Speaker.FLOW_RUN:
        state = _state(own, meaning)
        return _flow_run(own_id), Event(meaning.role, id_, occurred, None, truncated=truncated, said=state)
    if len(own_id) > resources.MAX_LABEL:
        raise InvalidEvent(f"{parsing.ID} has more than {resources.MAX_LABEL} characters")
    run = fields.flow_run(resources.flow_run_in(message.related or ()))
    phase = _phase(own, meaning, own_id)
    return run, Event(meaning.role, id_, occurred, None, truncated=truncated, said=phase)


def _labels(own: Resource) -> tuple[str | None, ...]:
    """The labels that are used."""
    return own.state_name, own.name, own.task_arn, own.reason, own.diagnosis


def _flow_run(resource_id: str) -> str:
    run = resources.flow_run_id(resource_id)
    if run is None:
        raise InvalidEvent(f"{parsing.ID} is {quoted(resource_id)}, not {Speaker.FLOW_RUN}<UUID>")
    return run


def _state(own: Resource, meaning: Meaning) -> State | None:
    """The state, if it is terminal. If it is RUNNING, the event's role says so."""
    return (
        State(StateType(own.state_type or ""), resources.short(own.state_name)) if meaning.role is Role.STATE else None
    )


def _phase(own: Resource, meaning: Meaning, own_id: str) -> Phase:
    """The phase. The reason of a pod that failed unobserved is its diagnosis; a living pod may have one, too, but has
    not ended.
    """
    reason = None if meaning.exit is None else own.reason or own.diagnosis
    return Phase(own_id, resources.short(own.task_arn or own.name), meaning.exit, resources.short(reason))

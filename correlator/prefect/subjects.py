"""The subject of any event, to key it by. For an event of ours, it is the one that `decode` finds (rule S1)."""

from collections.abc import Sequence

from correlator.event import Kind
from correlator.prefect import parsing, resources
from correlator.prefect.invalid import InvalidEvent
from correlator.prefect.names import MEANINGS
from correlator.prefect.parsing import Related


def subject_of(value: bytes, name: str, resource_id: str) -> str:
    """The UUID of the flow run that an event concerns; the id of its resource if it concerns none, such as the start of
    a worker.
    """
    meaning = MEANINGS.get(name)
    if meaning is not None and meaning.kind is Kind.WORKER:
        return resource_id
    return resources.flow_run_id(resource_id) or resources.flow_run_in(_related(value)) or resource_id


def _related(value: bytes) -> Sequence[Related]:
    message = parsing.typed(value)
    if message is not None:
        return message.related or ()
    try:
        return parsing.related(parsing.loose(value).get("related"))
    except InvalidEvent:
        return ()

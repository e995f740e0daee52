"""Events of pods, tasks and flow runs: how infrastructure lives and ends, and which state is terminal (rule F8)."""

import re

import orjson
import pytest

from correlator.event import Details, Event, Exit, Kind, Phase, Role, State, StateType
from correlator.prefect import Decoded, InvalidEvent, decode
from correlator.prefect import names as of_events
from correlator.prefect.parsing import DIAGNOSIS
from tests.prefect.events import (
    ARN,
    END,
    KUBERNETES_WORKER,
    OF_UNIT,
    OURS,
    POD,
    POD_NAME,
    PODS,
    READING,
    RUN,
    START,
    STARTED,
    STATES,
    TASK,
    WITNESSES,
    WORKER,
    pod,
    raw,
    resource,
    state,
    task,
    with_label,
    without,
)

AT = 1_795_448_301_737_255


def read(event, /, **changes) -> Event:
    decoded = decode(raw(event, **changes), READING)
    assert decoded is not None
    return decoded.event


def meant(role, said=None) -> Decoded:
    return Decoded(Kind.FLOW_RUN, RUN, Event(role, END, AT, None, said=said), Details(), None)


@pytest.mark.parametrize(
    "said, decoded",
    [
        (PODS["pending"], meant(Role.PHASE, Phase(POD, POD_NAME, None, None))),
        (PODS["running"], meant(Role.PHASE, Phase(POD, POD_NAME, None, None))),
        (PODS["succeeded"], meant(Role.PHASE, Phase(POD, POD_NAME, Exit.SUCCEEDED, None))),
        (PODS["failed"], meant(Role.PHASE, Phase(POD, POD_NAME, Exit.FAILED, None))),
        (PODS["evicted"], meant(Role.PHASE, Phase(POD, POD_NAME, Exit.EVICTED, None))),
        (task("stopped"), meant(Role.PHASE, Phase(TASK, ARN, Exit.STOPPED, None))),
        (STATES["Running"], meant(Role.RUNNING)),
        (STATES["Retrying"], meant(Role.RUNNING)),
        (STATES["Completed"], meant(Role.STATE, State(StateType.COMPLETED, "Completed"))),
        (STATES["Cached"], meant(Role.STATE, State(StateType.COMPLETED, "Cached"))),
        (STATES["Failed"], meant(Role.STATE, State(StateType.FAILED, "Failed"))),
        (STATES["OutOfMoney"], meant(Role.STATE, State(StateType.FAILED, "OutOfMoney"))),
        (STATES["Crashed"], meant(Role.STATE, State(StateType.CRASHED, "Crashed"))),
        (STATES["Cancelled"], meant(Role.STATE, State(StateType.CANCELLED, "Cancelled"))),
    ],
    ids=WITNESSES,
)
def test_what_witnesses_say(said, decoded):
    assert decode(raw(said), READING) == decoded


# States are recognized by their type: people name them as they like (rule F11).


@pytest.mark.parametrize(
    "name", ["Completed", "OutOfMoney", "Running", "Pending", "Late", "", "a.b", "Ärger 😀", "'\""]
)
def test_a_state_goes_by_its_type_whatever_its_name(name):
    assert read(state("FAILED", name)).said == State(StateType.FAILED, name)
    assert read(state("RUNNING", name)).role is Role.RUNNING
    assert decode(raw(state("PENDING", name)), READING) is None


LIVING_TASKS = [
    f"prefect.ecs.task.{phase}"
    for phase in ("provisioning", "pending", "activating", "running", "deactivating", "stopping", "deprovisioning")
]


@pytest.mark.parametrize("name", LIVING_TASKS)
def test_a_task_that_lives(name):
    assert read(task("stopped"), event=name).said == Phase(TASK, ARN, None, None)


PASSED_OVER = {
    "a state of another type, such as Pending": state("PENDING", "Pending"),
    "Submitting": state("PENDING", "Submitting"),
    "Scheduled": state("SCHEDULED", "Scheduled"),
    "Late": state("SCHEDULED", "Late"),
    "AwaitingRetry": state("SCHEDULED", "AwaitingRetry"),
    "Cancelling": state("CANCELLING", "Cancelling"),
    "Suspended": state("PAUSED", "Suspended"),
    "a name of a terminal state with another type": state("PENDING", "Completed"),
    "a type that nobody knows": state("EXPIRED", "Expired"),
    "a type in another case": state("completed", "Completed"),
    "a heartbeat": {
        **STARTED,
        "event": "prefect.flow-run.heartbeat",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{RUN}", "prefect.resource.name": "pragmatic-panda"},
        "related": OF_UNIT,
    },
    "a pull step": {**STARTED, "event": "prefect.flow-run.pull-step.executed"},
    "a task that is deleted": task("deleted"),
    "a pod in a phase that nobody knows": pod("unknown"),
    "a worker's heartbeat": {**STARTED, "event": "prefect.worker.heartbeat", "resource": KUBERNETES_WORKER},
}


@pytest.mark.parametrize("event", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_is_passed_over_unparsed(event, monkeypatch):
    """Rule I1: most of a topic. The search of the bytes settles it."""
    monkeypatch.setattr("correlator.prefect.decoding.parsing", None)
    assert decode(raw(event), READING) is None
    assert decode(orjson.dumps(event, option=orjson.OPT_INDENT_2), READING) is None


SEEN_THROUGH = {
    "a task run's state": {**state("COMPLETED", "Completed"), "event": "prefect.task-run.Completed"},
    "a state in an automation's payload": {
        **STARTED,
        "event": "prefect.automation.triggered",
        "payload": {"triggering_event": state("COMPLETED", "Completed")},
    },
    "a flow run's event that has the labels of a state elsewhere": {
        **STARTED,
        "event": "prefect.flow-run.heartbeat",
        "related": [{"prefect.state-type": "COMPLETED"}],
    },
    "a type that is no text": {
        **STATES["Completed"],
        "resource": STATES["Completed"]["resource"] | {"prefect.state-type": ["COMPLETED"]},
        "payload": {"prefect.state-type": "COMPLETED"},
    },
    "a state's type with another event": {**STATES["Completed"], "event": "prefect.flow-runs.Completed"},
}


@pytest.mark.parametrize("event", SEEN_THROUGH.values(), ids=SEEN_THROUGH)
@pytest.mark.parametrize("ordered", [dict, lambda event: dict(reversed(event.items()))], ids=["as is", "name last"])
def test_what_is_passed_over_at_the_latest_when_it_is_parsed(event, ordered):
    assert decode(raw(ordered(event)), READING) is None


def test_the_type_is_found_in_any_spacing():
    for between in (b":", b" : ", b"\t:\r\n"):
        value = re.sub(rb'(?<="prefect\.state-type"):', lambda _, it=between: it, raw(STATES["Completed"]))
        assert decode(value, READING) == decode(raw(STATES["Completed"]), READING)


# Only the witness's own labels are used (rule W1).


def test_what_a_pod_is_related_to_tells_its_run_and_no_more():
    other = RUN.replace("5", "6")
    two = [*OF_UNIT, resource("flow-run", f"prefect.flow-run.{other}")]
    assert read(PODS["failed"], related=two) == read(PODS["failed"])
    assert decode(raw(PODS["failed"], related=two), READING).subject == RUN
    alone = [resource("flow-run", f"prefect.flow-run.{RUN.upper()}")]
    assert decode(raw(PODS["failed"], related=alone), READING) == decode(raw(PODS["failed"]), READING)


@pytest.mark.parametrize(
    "labels, reason",
    [
        ({"reason": "OOMKilled"}, "OOMKilled"),
        ({"reason": "Error", "diagnosis": "ImagePullBackOff"}, "Error"),
        ({"diagnosis": "ImagePullBackOff"}, "ImagePullBackOff"),
        ({"reason": "", "diagnosis": "ImagePullBackOff"}, "ImagePullBackOff"),
        ({"reason": 5, "diagnosis": "d" * 1025}, None),
        ({}, None),
    ],
)
def test_kubernetes_reason_else_prefects_diagnosis(labels, reason):
    kubernetes = {label: value for label, value in labels.items() if label == "reason"}
    for phase in ("failed", "evicted", "succeeded"):
        event = pod(phase, **kubernetes)
        if "diagnosis" in labels:
            event["resource"][DIAGNOSIS] = labels["diagnosis"]
        assert read(event).said.reason == reason


def test_a_pod_that_lives_has_not_ended_for_a_reason():
    for phase in ("pending", "running"):
        event = pod(phase, reason="Error")
        event["resource"][DIAGNOSIS] = "ImagePullBackOff"
        assert read(event).said == Phase(POD, POD_NAME, None, None)


@pytest.mark.parametrize("value", [..., None, 5, ["x"], {"a": "b"}])
def test_an_optional_label_that_is_malformed_is_null(value):
    """Rule I3."""
    nameless = read(with_label(PODS["failed"], "own", "resource.name", value))
    assert nameless.said == Phase(POD, None, Exit.FAILED, None)
    unnamed = read(with_label(STATES["Crashed"], "own", "state-name", value))
    assert unnamed.said == State(StateType.CRASHED, None)
    if value is not ...:
        assert read(pod("failed", reason=value)).said.reason is None


def test_a_task_without_arn_goes_by_its_name():
    labels = {"prefect.resource.id": TASK, "prefect.resource.name": "etl-task"}
    assert read(task("stopped"), resource=labels).said == Phase(TASK, "etl-task", Exit.STOPPED, None)


@pytest.mark.parametrize("length, kept", [(1024, True), (1025, False)])
def test_overlong_labels_are_null_in_an_event_of_any_size(length, kept):
    """Rule B5: a subject may remember a thousand witnesses."""
    text = "x" * length
    for size in ({}, {"payload": {"filler": "x" * 65_536}}):
        failed = read(with_label(pod("failed", reason=text), "own", "resource.name", text), **size)
        assert failed.said == (Phase(POD, text, Exit.FAILED, text) if kept else Phase(POD, None, Exit.FAILED, None))
        assert failed.truncated is not kept
        named = read(with_label(STATES["Failed"], "own", "state-name", text), **size)
        assert named.said == State(StateType.FAILED, text if kept else None)
        assert named.truncated is not kept


@pytest.mark.parametrize("event", WITNESSES.values(), ids=WITNESSES)
def test_of_a_large_one_no_more_is_kept(event):
    large = {**event, "related": [*event["related"], *(resource("tag", f"prefect.tag.{n}") for n in range(3000))]}
    assert decode(raw(large), READING) == decode(raw(event), READING)


# Rule I2: what is not valid


@pytest.mark.parametrize(
    "event, reason",
    [
        (
            with_label(STATES["Failed"], "own", "resource.id", ...),
            "prefect.resource.id is null, not prefect.flow-run.…",
        ),
        (
            with_label(STATES["Failed"], "own", "resource.id", "prefect.flow-run.x"),
            "prefect.resource.id is 'prefect.flow-run.x', not prefect.flow-run.<UUID>",
        ),
        (
            with_label(STATES["Failed"], "own", "resource.id", f"prefect.task-run.{RUN}"),
            f"prefect.resource.id is 'prefect.task-run.{RUN}', not prefect.flow-run.…",
        ),
        (
            with_label(STATES["Running"], "own", "resource.id", f"prefect.flow-run.{RUN}0"),
            f"prefect.resource.id is 'prefect.flow-run.{RUN}0', not prefect.flow-run.<UUID>",
        ),
        ({**STATES["Failed"], "id": "x"}, "id is 'x', not a UUID"),
        ({**STATES["Failed"], "occurred": "yesterday"}, "occurred is 'yesterday', not an RFC 3339 time"),
        ({**STATES["Failed"], "follows": "x"}, "follows is 'x', neither a UUID nor null"),
        ({**STATES["Failed"], "related": 5}, "related is a number or a truth value, not a list"),
        ({**PODS["failed"], "related": []}, "related has no flow-run with the id prefect.flow-run.<UUID>"),
        (without(PODS["failed"], "related"), "related has no flow-run with the id prefect.flow-run.<UUID>"),
        (
            with_label(task("stopped"), "flow-run", "resource.id", "prefect.flow-run.x"),
            "related has no flow-run with the id prefect.flow-run.<UUID>",
        ),
        (
            {**PODS["failed"], "resource": WORKER},
            "prefect.resource.id is 'prefect.worker.process.long-worker', not pref",
        ),
        ({**PODS["failed"], "resource": []}, "resource is a list, not an object"),
        (
            with_label(PODS["pending"], "own", "resource.id", "prefect.kubernetes.pod."),
            "prefect.resource.id is 'prefect.",
        ),
        (with_label(task("stopped"), "own", "resource.id", POD), f"prefect.resource.id is '{POD}"[:60]),
        (
            with_label(PODS["failed"], "own", "resource.id", f"prefect.kubernetes.pod.{'x' * 1002}"),
            "prefect.resource.id has more than 1024 characters",
        ),
        ({**PODS["failed"], "id": "x", "follows": 7}, "id is 'x', not a UUID"),
        ({**PODS["failed"], "follows": 7}, "follows is a number or a truth value, neither a UUID nor null"),
    ],
)
def test_what_is_invalid_and_why(event, reason):
    with pytest.raises(InvalidEvent) as caught:
        decode(raw(event), READING)
    assert str(caught.value).startswith(reason)
    assert len(str(caught.value)) < 200


def test_a_state_needs_no_related_resources():
    """It is about the flow run itself."""
    assert decode(raw(without(STATES["Failed"], "related")), READING) == decode(raw(STATES["Failed"]), READING)


def test_follows_is_read_and_does_not_count():
    """It names the last event of the pod, the task or the run."""
    assert {read(event, follows=START).follows for event in WITNESSES.values()} == {None}


def test_every_name_has_its_test():
    assert {*OURS, *LIVING_TASKS} >= of_events.MEANINGS.keys()
    assert {event["resource"].get("prefect.state-type") for event in WITNESSES.values()} >= of_events.STATES.keys()

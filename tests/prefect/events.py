"""Raw events as Prefect 3.9.1 writes them, to be bent by a test."""

from copy import deepcopy

import orjson

from correlator.prefect import Reading

READING = Reading(max_tags=1000, detached=frozenset({"kubernetes", "ecs"}))
"""The reading by the default settings."""

RUN = "5635e7d9-9918-4888-b640-63b9ab96d532"
FLOW = "30f07105-6d24-436c-a73e-d5768dc5024b"
DEPLOYMENT = "54877f3b-9c2d-4675-8e0d-1177054d0acd"
POOL = "c5cb7486-709f-4f63-bfd5-8e097fe9fbb6"
START = "01a2090e-e991-7150-b758-7ae1e0a3296b"
END = "01a20913-dc38-73cb-b3a6-8b1b4ae4f9f5"

WORKER = {
    "prefect.resource.id": "prefect.worker.process.long-worker",
    "prefect.resource.name": "Long Worker",
    "prefect.version": "3.9.1",
    "prefect.worker-type": "process",
}
RUNNER = {
    "prefect.resource.id": "prefect.runner.standalone",
    "prefect.resource.name": "standalone",
    "prefect.version": "3.9.1",
}


def resource(role, id_, name=None, **labels):
    named = {} if name is None else {"prefect.resource.name": name}
    return {"prefect.resource.id": id_, "prefect.resource.role": role, **named, **labels}


def related(*, tags=("slow", "team:data"), **infrastructure):
    labels = {f"prefect.infrastructure.{label.replace('_', '-')}": value for label, value in infrastructure.items()}
    return [
        resource("deployment", f"prefect.deployment.{DEPLOYMENT}", "long"),
        resource("flow", f"prefect.flow.{FLOW}", "long-sleep"),
        resource("flow-run", f"prefect.flow-run.{RUN}", "pragmatic-panda", **labels),
        *(resource("tag", f"prefect.tag.{tag}") for tag in tags),
    ]


POOLED = resource("work-pool", f"prefect.work-pool.{POOL}", "Long Pool")

STARTED = {
    "occurred": "2026-11-23T15:38:21.737255Z",
    "event": "prefect.worker.started",
    "resource": WORKER,
    "related": [POOLED],
    "payload": {},
    "id": START,
    "follows": None,
}
STOPPED = {**STARTED, "event": "prefect.worker.stopped", "id": END, "follows": START}
SUBMITTED = {**STARTED, "event": "prefect.worker.submitted-flow-run", "related": [*related(), POOLED]}
EXECUTED = {
    **SUBMITTED,
    "event": "prefect.worker.executed-flow-run",
    "id": END,
    "follows": START,
    "related": [*related(identifier="6245", status_code="0"), POOLED],
}
CANCELLED = {**SUBMITTED, "event": "prefect.runner.cancelled-flow-run", "resource": RUNNER, "related": related()}

CANCELLED_BY_WORKER = {**SUBMITTED, "event": "prefect.worker.cancelled-flow-run"}
"""The cancellation as Prefect writes it before 3.2.8."""

TOLD = {event["event"]: event for event in (STARTED, STOPPED, SUBMITTED, EXECUTED, CANCELLED, CANCELLED_BY_WORKER)}
"""The events of workers and runners."""

KUBERNETES_WORKER = {
    "prefect.resource.id": "prefect.worker.kubernetes.k8s-worker",
    "prefect.resource.name": "K8s Worker",
    "prefect.version": "3.9.1",
    "prefect.worker-type": "kubernetes",
}
POD = "prefect.kubernetes.pod.798b07d8-de12-4419-bf48-d19f4e57528b"
POD_NAME = "heavenly-condor-fdfbb-x1"
TASK = "prefect.ecs.task.0c1e5b1a"
ARN = "arn:aws:ecs:eu-central-1:123456789012:task/etl/0c1e5b1a"
OF_UNIT = [
    *related(tags=()),
    POOLED,
    resource("worker", "prefect.worker.kubernetes.k8s-worker", "K8s-Worker", **{"prefect.worker-type": "kubernetes"}),
]
"""The related resources of a pod or a task."""


def pod(phase, **labels):
    own = {"prefect.resource.id": POD, "prefect.resource.name": POD_NAME, "kubernetes.namespace": "default"}
    return {
        **SUBMITTED,
        "event": f"prefect.kubernetes.pod.{phase}",
        "id": END,
        "follows": START,
        "resource": own | {f"kubernetes.{label}": value for label, value in labels.items()},
        "related": OF_UNIT,
    }


def task(phase):
    own = {"prefect.resource.id": TASK, "ecs.taskArn": ARN, "ecs.clusterArn": "arn:aws:ecs:eu-central-1:1:cluster/etl"}
    return {**pod(phase), "event": f"prefect.ecs.task.{phase}", "resource": own}


def state(type_, name):
    own = {
        "prefect.resource.id": f"prefect.flow-run.{RUN}",
        "prefect.resource.name": "pragmatic-panda",
        "prefect.run-count": "1",
        "prefect.state-message": "",
        "prefect.state-name": name,
        "prefect.state-timestamp": "2026-11-23T15:38:21.737255+00:00",
        "prefect.state-type": type_,
    }
    states = {"from": "RUNNING", "to": type_}
    return {
        **SUBMITTED,
        "event": f"prefect.flow-run.{name}",
        "id": END,
        "follows": START,
        "resource": own,
        "related": related()[:2],
        "payload": {"intended": states, "validated_state": {"type": type_, "name": name}},
    }


PODS = {phase: pod(phase) for phase in ("pending", "running", "succeeded", "failed", "evicted")}
STATES = {
    name: state(type_, name)
    for type_, name in (
        ("RUNNING", "Running"),
        ("RUNNING", "Retrying"),
        ("COMPLETED", "Completed"),
        ("COMPLETED", "Cached"),
        ("FAILED", "Failed"),
        ("FAILED", "OutOfMoney"),
        ("CRASHED", "Crashed"),
        ("CANCELLED", "Cancelled"),
    )
}
WITNESSES = {event["event"]: event for event in (*PODS.values(), task("stopped"), *STATES.values())}
"""The events of pods, tasks and flow runs."""

OURS = TOLD | WITNESSES


def raw(event, /, **changes) -> bytes:
    return orjson.dumps({**event, **changes})


def without(event, *keys):
    return {key: value for key, value in event.items() if key not in keys}


def with_label(event, role, label, value):
    """The event with one label set, or removed (...): of the related resource with this role, or of its own
    (``own``).
    """
    event = deepcopy(event)
    resources = [event["resource"]] if role == "own" else event["related"]
    for labels in resources:
        if role in ("own", labels.get("prefect.resource.role")):
            labels[f"prefect.{label}"] = value
            if value is ...:
                del labels[f"prefect.{label}"]
    return event

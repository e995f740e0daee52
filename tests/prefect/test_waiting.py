"""Which workers wait for what they run: the `executed` of one that does not says what it created (rule F9)."""

from copy import deepcopy

import pytest

from correlator.event import Event, Infrastructure, Role
from correlator.prefect import Reading, decode
from tests.prefect.events import CANCELLED_BY_WORKER, EXECUTED, KUBERNETES_WORKER, READING, SUBMITTED, raw, related

ECS_WORKER = {"prefect.resource.id": "prefect.worker.ecs.fargate", "prefect.worker-type": "ecs"}
JOB, JOB_OF_CLUSTER = "default:heavenly-condor-fdfbb", "prod:default:heavenly-condor-fdfbb"
TASK = "arn:aws:ecs:eu-central-1:1:cluster/etl::arn:aws:ecs:eu-central-1:1:task/etl/0c1e5b1a"


def worker(type_=None, id_="prefect.worker.kubernetes.k8s-worker", **labels):
    own = {"prefect.resource.id": id_, **labels}
    return own if type_ is None else own | {"prefect.worker-type": type_}


def executed(by, reading=READING, **infrastructure) -> Event:
    decoded = decode(raw(EXECUTED, resource=by, related=related(**infrastructure)), reading)
    assert decoded is not None
    return decoded.event


@pytest.mark.parametrize(
    "by, identifier, role",
    [
        # In Kubernetes, an identifier of two parts is from a worker that does not wait, of three from one that did.
        (KUBERNETES_WORKER, JOB, Role.CREATION),
        (KUBERNETES_WORKER, JOB_OF_CLUSTER, Role.END),
        (KUBERNETES_WORKER, None, Role.CREATION),
        (KUBERNETES_WORKER, "", Role.CREATION),
        (KUBERNETES_WORKER, "heavenly-condor-fdfbb", Role.CREATION),
        (KUBERNETES_WORKER, "a:b:c:d", Role.CREATION),
        # In ECS, the parts say nothing: an ARN has colons of its own, besides the two before it.
        (ECS_WORKER, TASK, Role.CREATION),
        (ECS_WORKER, "etl::task", Role.CREATION),
        (ECS_WORKER, None, Role.CREATION),
        # The type comes from its label or, without one, from the id.
        (worker(), JOB, Role.CREATION),
        (worker(), JOB_OF_CLUSTER, Role.END),
        (worker("kubernetes", "prefect.worker.mine.w"), JOB, Role.CREATION),
        (worker("kubernetes", "prefect.worker.mine.w"), JOB_OF_CLUSTER, Role.END),
        (worker("process"), JOB, Role.END),
        (worker(None, "prefect.worker.ecs.x.y"), TASK, Role.CREATION),
        (worker(None, "prefect.worker.kubernetes"), JOB, Role.CREATION),
        (worker(None, "prefect.worker.kubernetes-v2.w"), JOB, Role.END),
        (worker(""), JOB, Role.END),
        (worker("Kubernetes"), JOB, Role.END),
        # All others wait.
        (worker("process", "prefect.worker.process.p"), "6245", Role.END),
        (worker("docker", "prefect.worker.docker.d"), "unix:///var/run/docker.sock:0c1e5b1a", Role.END),
        (worker("cloud-run-v2", "prefect.worker.cloud-run-v2.c"), "job", Role.END),
        (worker("azure-container-instance", "prefect.worker.azure-container-instance.a"), "group", Role.END),
    ],
)
def test_whose_executed_is_an_end(by, identifier, role):
    infrastructure = {} if identifier is None else {"identifier": identifier}
    event = executed(by, status_code="0", **infrastructure)
    assert event.role is role
    assert event.follows == EXECUTED["follows"]
    assert event.worker == by["prefect.resource.id"]
    assert not event.detached  # only a submit is marked as detached


@pytest.mark.parametrize("identifier", [JOB, None])
@pytest.mark.parametrize("code", ["0", "1", "137", None])
def test_the_status_code_of_one_that_does_not_wait_means_nothing(identifier, code):
    told = {"identifier": identifier, "status_code": code}
    event = executed(KUBERNETES_WORKER, **{label: value for label, value in told.items() if value is not None})
    assert event.infrastructure == (None if identifier is None else Infrastructure(JOB, None))
    waited = executed(KUBERNETES_WORKER, identifier=JOB_OF_CLUSTER, status_code="137")
    assert waited.infrastructure == Infrastructure(JOB_OF_CLUSTER, 137)


@pytest.mark.parametrize(
    "by, detached",
    [
        (KUBERNETES_WORKER, True),
        (ECS_WORKER, True),
        (worker(), True),
        (worker("process"), False),
        (worker("process", "prefect.worker.process.p"), False),
        (worker(["kubernetes"], "prefect.worker.process.p"), False),  # malformed: null, so the id says it
        (worker(["process"]), True),
    ],
)
def test_a_submit_says_whether_its_worker_waits(by, detached):
    assert decode(raw(SUBMITTED, resource=by), READING).event.detached is detached
    assert decode(raw(CANCELLED_BY_WORKER, resource=by), READING).event.detached is False


@pytest.mark.parametrize(
    "types, kubernetes, ecs, mine",
    [
        (("kubernetes", "ecs"), Role.CREATION, Role.CREATION, Role.END),
        (("kubernetes",), Role.CREATION, Role.END, Role.END),
        (("mine",), Role.END, Role.END, Role.CREATION),
        ((), Role.END, Role.END, Role.END),
    ],
)
def test_which_do_not_is_a_setting(types, kubernetes, ecs, mine):
    """CORRELATOR_DETACHED_WORKERS."""
    reading = Reading(1000, frozenset(types))
    assert executed(KUBERNETES_WORKER, reading, identifier=JOB).role is kubernetes
    assert executed(ECS_WORKER, reading, identifier=TASK).role is ecs
    assert executed(worker("mine", "prefect.worker.mine.w"), reading, identifier=JOB_OF_CLUSTER).role is mine
    assert decode(raw(SUBMITTED, resource=KUBERNETES_WORKER), reading).event.detached is ("kubernetes" in types)


def test_what_else_it_tells_is_told_as_ever():
    of_one = decode(raw(EXECUTED, resource=KUBERNETES_WORKER, related=related(identifier=JOB)), READING)
    submit = decode(raw(SUBMITTED, resource=KUBERNETES_WORKER, related=related()), READING)
    assert of_one.details == submit.details


def test_a_large_one_is_trimmed_as_any():
    """Rule B5."""
    large = deepcopy(EXECUTED) | {"resource": KUBERNETES_WORKER, "payload": {"filler": "x" * 65_536}}
    large["related"] = related(identifier="n" * 1025, status_code="0")
    event = decode(raw(large), READING).event
    assert (event.role, event.truncated) == (Role.CREATION, True)
    assert event.infrastructure == Infrastructure(None, None)
    cut = decode(raw(large | {"event": SUBMITTED["event"]}), READING).event
    assert (cut.detached, cut.truncated) == (True, True)

"""The records, key by key."""

from datetime import UTC, datetime
from typing import get_args, get_type_hints
from uuid import UUID, uuid5

import jsonschema
import msgspec
import orjson
import pytest
from msgspec.structs import replace

from correlator.core import EndedBy, MatchedBy, Outcome
from correlator.core.lifecycle import Version
from correlator.event import Details, Infrastructure, Kind, Named, Runner, Worker
from correlator.records import Record, bare, render
from correlator.records.identity import NAMESPACE
from correlator.records.models import MODELS, FlowRunState
from tests.prefect.events import DEPLOYMENT, END, FLOW, POOL, RUN, START, STATES, SUBMITTED, with_label
from tests.records import lifecycles
from tests.records.lifecycles import ALL, ANOTHER, lifecycle


def value(lifecycle) -> dict:
    return orjson.loads(render(lifecycle, "etl").value)


def headers(lifecycle) -> dict:
    return {name: text.decode() for name, text in render(lifecycle, "etl").headers}


STRICT = {
    kind: jsonschema.Draft202012Validator(
        msgspec.json.schema(model), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    for kind, model in MODELS.items()
}

WORKER = {"id": "prefect.worker.process.long-worker", "name": "Long Worker", "type": "process", "version": "3.9.1"}


def test_a_worker_uptime_in_full():
    assert list(value(ALL["worker completed"]).items()) == [
        ("record_id", str(uuid5(UUID(NAMESPACE), f"worker-uptime:{START}"))),
        ("outcome", "completed"),
        ("matched_by", "resource"),
        ("ambiguous", True),
        ("truncated", False),
        ("worker", WORKER),
        ("work_pool", {"id": POOL, "name": "Long Pool"}),
        ("started_at", "2026-11-23T15:38:21.737255Z"),
        ("stopped_at", "2026-11-23T15:43:36.986510Z"),
        ("uptime_seconds", 315.249255),
        ("clock_skew_seconds", 0),
        ("started_event_id", START),
        ("stopped_event_id", END),
        ("superseded_by_event_id", None),
    ]


def test_a_flow_run_duration_in_full():
    assert list(value(ALL["run cancelled"]).items()) == [
        ("record_id", str(uuid5(UUID(NAMESPACE), f"flow-run-duration:{START}"))),
        ("outcome", "cancelled"),
        ("matched_by", "resource"),
        ("ambiguous", False),
        ("truncated", False),
        ("flow_run", {"id": RUN, "name": "pragmatic-panda"}),
        ("flow", {"id": FLOW, "name": "long-sleep"}),
        ("deployment", {"id": DEPLOYMENT, "name": "long"}),
        ("work_pool", {"id": POOL, "name": "Long Pool"}),
        ("worker", WORKER),
        ("runner", {"id": "prefect.runner.standalone", "name": "standalone", "version": "3.9.1"}),
        ("tags", ["slow", "team:data"]),
        ("infrastructure", {"identifier": "6245", "status_code": 0, "exit": None, "reason": None}),
        ("state", None),
        ("submitted_at", "2026-11-23T15:38:21.737255Z"),
        ("created_at", None),
        ("running_at", None),
        ("executed_at", "2026-11-23T15:43:45.737378Z"),
        ("cancelled_at", "2026-11-23T15:43:45.728000Z"),
        ("ended_at", "2026-11-23T15:43:45.737378Z"),
        ("ended_by", "worker"),
        ("duration_seconds", 324.000123),
        ("startup_seconds", None),
        ("clock_skew_seconds", 0),
        ("submitted_event_id", START),
        ("executed_event_id", END),
        ("cancelled_event_id", lifecycles.CANCELLATION.event.id),
        ("superseded_by_event_id", None),
    ]


KUBERNETES = {
    "id": "prefect.worker.kubernetes.k8s-worker",
    "name": "K8s Worker",
    "type": "kubernetes",
    "version": "3.9.1",
}


def test_one_in_kubernetes_in_full():
    assert list(value(ALL["run ended by its pod"]).items()) == [
        ("record_id", str(uuid5(UUID(NAMESPACE), f"flow-run-duration:{START}"))),
        ("outcome", "completed"),
        ("matched_by", "resource"),
        ("ambiguous", False),
        ("truncated", False),
        ("flow_run", {"id": RUN, "name": "pragmatic-panda"}),
        ("flow", {"id": FLOW, "name": "long-sleep"}),
        ("deployment", {"id": DEPLOYMENT, "name": "long"}),
        ("work_pool", {"id": POOL, "name": "Long Pool"}),
        ("worker", KUBERNETES),
        ("runner", None),
        ("tags", ["slow", "team:data"]),
        (
            "infrastructure",
            {"identifier": lifecycles.JOB, "status_code": None, "exit": "succeeded", "reason": None},
        ),
        ("state", {"type": "COMPLETED", "name": "Completed", "at": "2026-11-23T15:39:06.000000Z"}),
        ("submitted_at", "2026-11-23T15:38:21.737255Z"),
        ("created_at", "2026-11-23T15:38:22.737255Z"),
        ("running_at", "2026-11-23T15:38:46.527477Z"),
        ("executed_at", None),
        ("cancelled_at", None),
        ("ended_at", "2026-11-23T15:39:09.000000Z"),
        ("ended_by", "infrastructure"),
        ("duration_seconds", 47.262745),
        ("startup_seconds", 24.790222),
        ("clock_skew_seconds", 0),
        ("submitted_event_id", START),
        ("executed_event_id", END),
        ("cancelled_event_id", None),
        ("superseded_by_event_id", None),
    ]


# The fields of each lifecycle that are set, besides its names. All others are null: nobody reported them.

BY_WORKER = {"submitted_at", "executed_at", "ended_at", "submitted_event_id", "executed_event_id", "duration_seconds"}
STARTED_ONLY = {"submitted_at", "submitted_event_id"}
CREATED = {*STARTED_ONLY, "created_at", "executed_event_id"}
RAN = {"running_at", "startup_seconds"}
ENDED = {"ended_at", "duration_seconds"}
TOLD = {
    "run completed": BY_WORKER,
    "run cancelled": {*BY_WORKER, "cancelled_at", "cancelled_event_id"},
    "run cancelled, never ended": {*STARTED_ONLY, "cancelled_at", "cancelled_event_id"},
    "run cancelled, never submitted": {
        *("executed_at", "ended_at", "executed_event_id"),
        *("cancelled_at", "cancelled_event_id"),
    },
    "served run cancelled": {"cancelled_at", "cancelled_event_id"},
    "run superseded": {*STARTED_ONLY, "superseded_by_event_id"},
    "run lost": STARTED_ONLY,
    "run unmatched": {"executed_at", "ended_at", "executed_event_id"},
    "run completed, in a state": {*BY_WORKER, *RAN, "state"},
    "run ended by its pod": {*CREATED, *RAN, *ENDED, "state"},
    "run ended by its pod, without a state": {*CREATED, *RAN, *ENDED},
    "run ended by its task": {*CREATED, *RAN, *ENDED, "state"},
    "run ended by its state": {*CREATED, *RAN, *ENDED, "state"},
    "run of a killed worker": {*STARTED_ONLY, *RAN, *ENDED, "state"},
    "run cancelled by its state": {*STARTED_ONLY, *ENDED, "state", "cancelled_at", "cancelled_event_id"},
    "run cancelled in Kubernetes": {*CREATED, *RAN, *ENDED, "state", "cancelled_at", "cancelled_event_id"},
    "run cancelled by its worker": {*BY_WORKER, "cancelled_at", "cancelled_event_id"},
    "run that nobody speaks of": CREATED,
}


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.kind is Kind.FLOW_RUN])
def test_what_nobody_said_is_null(name):
    moments = {key for key in MODELS[Kind.FLOW_RUN].__struct_fields__ if key.endswith(("_at", "_seconds", "_event_id"))}
    told = value(ALL[name])
    there = {key for key in {*moments, "state"} - {"clock_skew_seconds"} if told[key] is not None}
    assert there == TOLD[name]


@pytest.mark.parametrize(
    "name, ended_by, infrastructure, state",
    [
        ("run completed", "worker", ("6245", 0, None, None), None),
        ("run completed, in a state", "worker", ("6245", 0, None, None), "CRASHED"),
        ("run cancelled by its worker", "worker", ("6245", 0, None, None), None),
        ("run ended by its pod", "infrastructure", (lifecycles.JOB, None, "succeeded", None), "COMPLETED"),
        (
            "run ended by its pod, without a state",
            "infrastructure",
            (lifecycles.JOB, None, "evicted", "OOMKilled"),
            None,
        ),
        ("run ended by its task", "infrastructure", (lifecycles.JOB, None, "stopped", None), "CRASHED"),
        ("run cancelled in Kubernetes", "infrastructure", (lifecycles.JOB, None, "succeeded", None), "CANCELLED"),
        ("run ended by its state", "flow-run", (lifecycles.JOB, None, None, None), "CRASHED"),
        ("run of a killed worker", "flow-run", None, "CRASHED"),
        ("run cancelled by its state", "flow-run", None, "CANCELLED"),
        ("run that nobody speaks of", None, (lifecycles.JOB, None, None, None), None),
        ("run lost", None, None, None),
        ("served run cancelled", None, None, None),
        ("run unmatched", "worker", ("6245", 0, None, None), None),
    ],
)
def test_whose_word_the_end_is(name, ended_by, infrastructure, state):
    """Rule W2."""
    told = value(ALL[name])
    assert told["ended_by"] == ended_by
    assert (told["infrastructure"] and tuple(told["infrastructure"].values())) == infrastructure
    assert (told["state"] and told["state"]["type"]) == state
    assert (told["executed_at"] is not None) == (ended_by == "worker")


def test_a_pod_alone_says_how_it_ended():
    """Its worker's word on what it created never came."""
    one = lifecycle("completed", lifecycles.DETACHED, lifecycles.EVICTION, by=lifecycles.EVICTION)
    told = value(one)["infrastructure"]
    assert told == {"identifier": None, "status_code": None, "exit": "evicted", "reason": "OOMKilled"}


def test_a_state_has_a_name_or_none():
    nameless = lifecycles.decoded(with_label(STATES["Failed"], "own", "state-name", ...))
    told = value(lifecycle("completed", lifecycles.START, nameless, by=nameless))
    assert told["state"] == {"type": "FAILED", "name": None, "at": "2026-11-23T15:38:21.737255Z"}


def test_the_contract_knows_every_outcome():
    outcomes = {kind: get_args(get_type_hints(model)["outcome"]) for kind, model in MODELS.items()}
    assert set(outcomes[Kind.FLOW_RUN]) == set(Outcome)
    assert set(outcomes[Kind.WORKER]) == set(Outcome) - {Outcome.CANCELLED}
    for model in MODELS.values():
        matched_by, _ = get_args(get_type_hints(model)["matched_by"])
        assert set(get_args(matched_by)) == set(MatchedBy)
    ended_by, _ = get_args(get_type_hints(MODELS[Kind.FLOW_RUN])["ended_by"])
    assert set(get_args(ended_by)) == set(EndedBy)


@pytest.mark.parametrize("decided", ALL.values(), ids=ALL)
def test_every_record_keeps_the_contract(decided):
    """Every key of the model is present, in its order, in the parts as well; no other is; and every value
    has its type.
    """
    model = MODELS[decided.kind]
    read = orjson.loads(render(decided, "etl").value)
    assert tuple(read) == model.__struct_fields__
    hints = get_type_hints(model)
    for key, part in read.items():
        if isinstance(part, dict):
            (type_,) = {*get_args(hints[key]), hints[key]} & {Worker, Runner, Named, Infrastructure, FlowRunState}
            assert tuple(part) == type_.__struct_fields__, key
    STRICT[decided.kind].validate(read)
    times = [told for key, told in read.items() if key.endswith("_at") and told is not None]
    assert times
    assert all(datetime.fromisoformat(time).tzinfo == UTC for time in times)


@pytest.mark.parametrize(
    "name, timed",
    [
        ("worker completed", 315.249255),
        ("worker superseded", None),
        ("worker lost", None),
        ("worker unmatched", None),
        ("run completed", 324.000123),
        ("run cancelled", 324.000123),
        ("run cancelled, never ended", None),
        ("run cancelled, never submitted", None),
        ("served run cancelled", None),
        ("run superseded", None),
        ("run lost", None),
        ("run unmatched", None),
        ("run completed, in a state", 324.000123),
        ("run ended by its pod", 47.262745),
        ("run ended by its pod, without a state", 47.262745),
        ("run ended by its task", 47.262745),
        ("run ended by its state", 44.262745),
        ("run of a killed worker", 44.262745),
        ("run cancelled by its state", 44.262745),
        ("run cancelled in Kubernetes", 47.262745),
        ("run that nobody speaks of", None),
    ],
)
def test_a_duration_is_there_only_where_start_and_end_are(name, timed):
    told = value(ALL[name])
    assert told["uptime_seconds" if ALL[name].kind is Kind.WORKER else "duration_seconds"] == timed
    assert told["clock_skew_seconds"] == 0


@pytest.mark.parametrize(
    "name, opening",
    [
        ("run completed", START),
        ("run unmatched", END),
        ("run cancelled, never submitted", END),
        ("served run cancelled", lifecycles.CANCELLATION.event.id),
    ],
)
def test_the_record_id_is_of_the_opening_event_else_the_closing_one_else_the_cancellation(name, opening):
    """Rule S2."""
    assert value(ALL[name])["record_id"] == str(uuid5(UUID(NAMESPACE), f"flow-run-duration:{opening}"))


def test_an_end_before_its_start_has_no_negative_duration():
    """Rule O6."""
    late = lifecycles.dated(lifecycles.START, lifecycles.END.event.occurred + 1_500_001)
    text = render(lifecycle("completed", late, lifecycles.END), "etl").value
    assert b'"duration_seconds":0.000000,"startup_seconds":null,"clock_skew_seconds":1.500001,' in text


def test_nor_has_a_witness_that_is_dated_before_the_submit():
    """A pod dates its end in whole seconds, so it may end before its start. RUNNING cannot: its date decides its
    submit.
    """
    late = lifecycles.dated(lifecycles.DETACHED, lifecycles.POD_END.event.occurred + 250_000)
    one = lifecycle("completed", late, lifecycles.CREATION, lifecycles.POD_END, by=lifecycles.POD_END)
    text = render(one, "etl").value
    assert b'"duration_seconds":0.000000,' in text
    assert b'"clock_skew_seconds":0.250000,' in text
    STRICT[Kind.FLOW_RUN].validate(orjson.loads(text))


def test_what_superseded_it_is_named():
    assert value(ALL["run superseded"])["superseded_by_event_id"] == ANOTHER


def test_what_several_events_tell_is_taken_from_the_start_else_the_end_else_the_cancellation():
    """Rule S4."""

    def named(name, said):
        return replace(said, details=replace(said.details, flow=Named(FLOW, name)))

    start, end = named("start's", lifecycles.START), named("end's", lifecycles.END)
    cancellation = named("cancellation's", lifecycles.CANCELLATION)
    for events in ((start, end, cancellation), (end, cancellation), (cancellation,)):
        assert value(lifecycle("cancelled", *events))["flow"]["name"] == f"{events[0].event.role}'s"
    without = lifecycles.decoded(with_label(SUBMITTED, "flow", "resource.id", ...))
    assert value(lifecycle("completed", without, end))["flow"]["name"] == "end's"


def test_of_a_served_run_only_the_runner_is_known():
    told = value(ALL["served run cancelled"])
    assert (told["worker"], told["work_pool"], told["infrastructure"]) == (None, None, None)
    assert told["runner"]["id"] == "prefect.runner.standalone"
    assert told["tags"] == ["slow", "team:data"]


def test_no_tags_are_an_empty_list():
    silent = replace(lifecycles.START, details=Details())
    assert value(lifecycle("lost", silent))["tags"] == []


def test_of_a_record_that_is_too_large_ids_remain():
    """Rule B6."""
    whole, told = value(ALL["run cancelled"]), value(bare(ALL["run cancelled"]))
    assert {key for key in whole if told[key] != whole[key]} == {
        *("truncated", "tags", "infrastructure"),
        *("flow_run", "flow", "deployment", "work_pool", "worker", "runner"),
    }
    assert (told["truncated"], told["tags"], told["infrastructure"]) == (True, [], None)
    assert told["flow_run"] == {"id": RUN, "name": None}
    assert told["worker"] == {"id": WORKER["id"], "name": None, "type": None, "version": None}
    assert told["runner"] == {"id": "prefect.runner.standalone", "name": None, "version": None}


def test_of_one_in_kubernetes_that_is_too_large_times_and_state_remain():
    decided = ALL["run ended by its pod, without a state"]
    decided = replace(decided, state=lifecycles.CRASHED.event)
    whole, told = value(decided), value(bare(decided))
    assert {key for key in whole if told[key] != whole[key]} == {
        *("truncated", "tags", "infrastructure"),
        *("flow_run", "flow", "deployment", "work_pool", "worker"),
    }
    assert told["infrastructure"] is None
    assert (told["ended_by"], told["state"]["type"]) == ("infrastructure", "CRASHED")


def test_the_key_is_the_subject():
    run, worker = render(ALL["run lost"], "etl"), render(ALL["worker lost"], "etl")
    assert isinstance(run, Record)
    assert (run.kind, run.key) == (Kind.FLOW_RUN, RUN.encode())
    assert (worker.kind, worker.key) == (Kind.WORKER, b"prefect.worker.process.long-worker")


# CloudEvents 1.0, Kafka protocol binding, binary content mode


def test_headers_in_full():
    decided = ALL["run cancelled"]
    record_id = UUID(value(decided)["record_id"])
    assert render(decided, "https://example.org/etl").headers == [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(uuid5(record_id, decided.cause)).encode()),
        ("ce_type", b"prefect.correlator.flow-run-duration.v1"),
        ("ce_source", b"https://example.org/etl"),
        ("ce_subject", RUN.encode()),
        ("ce_time", b"2026-11-23T15:43:45.737378Z"),
        ("content-type", b"application/json"),
    ]
    assert headers(ALL["worker lost"])["ce_type"] == "prefect.correlator.worker-uptime.v1"


@pytest.mark.parametrize(
    "name, at",
    [
        ("run completed", "2026-11-23T15:43:45.737378Z"),
        ("run cancelled", "2026-11-23T15:43:45.737378Z"),
        ("run cancelled, never ended", "2026-11-23T15:43:45.728000Z"),
        ("run lost", "2026-11-23T15:38:21.737255Z"),
        ("run ended by its pod", "2026-11-23T15:39:09.000000Z"),
        ("run ended by its state", "2026-11-23T15:39:06.000000Z"),
        ("run cancelled in Kubernetes", "2026-11-23T15:39:09.000000Z"),
        ("run that nobody speaks of", "2026-11-23T15:38:21.737255Z"),
    ],
)
def test_the_time_is_the_closing_one_else_the_cancellations_else_the_opening_one(name, at):
    assert headers(ALL[name])["ce_time"] == at


def test_a_version_of_a_record_has_an_id_of_its_own():
    """Rule S2."""
    decided = ALL["run lost"]
    amended = replace(decided, cause=END)
    again = replace(decided, replaces=Version(Outcome.COMPLETED, None, False, END, None, None))
    assert headers(decided)["ce_id"] != headers(replace(amended, cause=ANOTHER))["ce_id"]
    assert value(decided)["record_id"] == value(amended)["record_id"]
    assert render(decided, "etl") == render(again, "etl")  # the same cause, the same bytes


# A part comes from the first event that has it; a later one may fill in what that leaves open.


@pytest.mark.parametrize(
    "first, second, together",
    [
        (("job", None), ("job", 1), ("job", 1)),
        (("job", None), (None, 1), ("job", 1)),
        (("job", None), ("another", 1), ("job", None)),  # it speaks of something else
        (("job", 0), ("job", 1), ("job", 0)),
    ],
    ids=["the same", "not said", "another", "a contradiction"],
)
def test_what_the_first_event_leaves_open_a_later_one_fills_in(first, second, together):
    def told(said, identifier, status_code):
        return replace(said, event=replace(said.event, infrastructure=Infrastructure(identifier, status_code)))

    it = lifecycle("completed", told(lifecycles.START, *first), told(lifecycles.END, *second), matched_by="follows")
    assert tuple(value(it)["infrastructure"].values()) == (*together, None, None)

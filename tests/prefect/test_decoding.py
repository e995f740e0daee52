"""How events of workers and runners are decoded: every field that is taken from them."""

from pathlib import Path

import msgspec
import orjson
import pytest
from msgspec.structs import replace

from correlator.event import Details, Event, Infrastructure, Kind, Named, Role, Runner, Worker
from correlator.prefect import Decoded, InvalidEvent, decode
from tests.prefect.events import (
    CANCELLED,
    CANCELLED_BY_WORKER,
    DEPLOYMENT,
    END,
    EXECUTED,
    FLOW,
    OURS,
    POOL,
    READING,
    RUN,
    START,
    STARTED,
    STOPPED,
    SUBMITTED,
    TOLD,
    raw,
    related,
    resource,
    with_label,
    without,
)

WORKER_ID = "prefect.worker.process.long-worker"
OF_WORKER = Details(
    worker=Worker(WORKER_ID, "Long Worker", "process", "3.9.1"),
    work_pool=Named(POOL, "Long Pool"),
)
OF_RUN = replace(
    OF_WORKER,
    flow_run_name="pragmatic-panda",
    flow=Named(FLOW, "long-sleep"),
    deployment=Named(DEPLOYMENT, "long"),
    tags=("slow", "team:data"),
)
OF_CANCELLATION = replace(
    OF_RUN,
    worker=None,
    work_pool=None,
    runner=Runner("prefect.runner.standalone", "standalone", "3.9.1"),
)
AT = 1_795_448_301_737_255  # 2026-11-23T15:38:21.737255Z


def read(raw_event, max_tags=1000, /, **changes) -> Decoded:
    decoded = decode(raw(raw_event, **changes), replace(READING, max_tags=max_tags))
    assert decoded is not None
    return decoded


@pytest.mark.parametrize(
    "said, meant",
    [
        (STARTED, Decoded(Kind.WORKER, WORKER_ID, Event(Role.START, START, AT, WORKER_ID), OF_WORKER, None)),
        (STOPPED, Decoded(Kind.WORKER, WORKER_ID, Event(Role.END, END, AT, WORKER_ID, START), OF_WORKER, None)),
        (SUBMITTED, Decoded(Kind.FLOW_RUN, RUN, Event(Role.START, START, AT, WORKER_ID), OF_RUN, None)),
        (
            EXECUTED,
            Decoded(
                Kind.FLOW_RUN,
                RUN,
                Event(Role.END, END, AT, WORKER_ID, START, infrastructure=Infrastructure("6245", 0)),
                OF_RUN,
                None,
            ),
        ),
        (
            CANCELLED,
            Decoded(Kind.FLOW_RUN, RUN, Event(Role.CANCELLATION, START, AT, None), OF_CANCELLATION, None),
        ),
        (
            CANCELLED_BY_WORKER,
            Decoded(Kind.FLOW_RUN, RUN, Event(Role.CANCELLATION, START, AT, WORKER_ID), OF_RUN, None),
        ),
    ],
    ids=TOLD,
)
def test_what_workers_and_runners_say(said, meant):
    assert decode(raw(said), READING) == meant


@pytest.mark.parametrize("received, expected", [("2026-11-23T15:38:22Z", AT + 262_745), ("soon", None), (None, None)])
def test_received_is_what_a_server_said(received, expected):
    assert decode(raw(STARTED, received=received), READING).received == expected


# Optional labels: what is missing or malformed is null, or the part is not there, but the event counts.


@pytest.mark.parametrize("value", [..., None, 5, ["x"], {"a": "b"}])
@pytest.mark.parametrize(
    "role, label, told",
    [
        ("own", "resource.name", lambda it: it.details.worker.name),
        ("own", "version", lambda it: it.details.worker.version),
        ("own", "worker-type", lambda it: it.details.worker.type),
        ("flow-run", "resource.name", lambda it: it.details.flow_run_name),
        ("flow", "resource.name", lambda it: it.details.flow.name),
        ("work-pool", "resource.name", lambda it: it.details.work_pool.name),
        ("flow-run", "infrastructure.identifier", lambda it: it.event.infrastructure.identifier),
    ],
)
def test_an_optional_label_that_is_malformed_is_null(role, label, told, value):
    """Rule I3."""
    assert told(read(EXECUTED)) is not None
    assert told(read(with_label(EXECUTED, role, label, value))) is None


@pytest.mark.parametrize("value", [..., None, 5, "", "prefect.flow", "prefect.flow.x", f"prefect.task.{FLOW}", FLOW])
@pytest.mark.parametrize("role", ["flow", "deployment", "work-pool"])
def test_a_related_resource_without_a_proper_id_is_not_told(role, value):
    told = read(with_label(EXECUTED, role, "resource.id", value))
    assert getattr(told.details, role.replace("-", "_")) is None
    assert told.subject == RUN


@pytest.mark.parametrize("odd", [None, 5, "x", [], {}, {"prefect.resource.role": ["flow-run"]}])
def test_odd_things_among_the_related_resources_are_passed_over(odd):
    assert read(SUBMITTED, related=[odd, *related()]) == read(SUBMITTED, related=related())


def test_of_several_of_a_role_the_first_with_a_proper_id_counts():
    """Rule I4."""
    other = RUN.replace("5", "6")
    several = [
        resource("flow-run", "prefect.flow-run.x"),
        *related(),
        resource("flow-run", f"prefect.flow-run.{other}"),
    ]
    assert read(SUBMITTED, related=several).subject == RUN


@pytest.mark.parametrize("related", [None, []])
def test_a_worker_may_have_no_pool(related):
    assert read(STARTED, related=related).details == replace(OF_WORKER, work_pool=None)
    assert read(without(STARTED, "related")).details == replace(OF_WORKER, work_pool=None)


@pytest.mark.parametrize(
    "text, code",
    [
        ("0", 0),
        ("137", 137),
        ("-9", -9),
        ("3221225477", 3_221_225_477),  # Windows: access violation
        (3, 3),
        ("", None),
        ("0x1", None),
        ("1.5", None),
        ("٣", None),
        ("99999999999", None),
        (10**10, None),
        (True, None),
        (1.0, None),
        (None, None),
    ],
)
def test_a_status_code_is_an_integer_or_null(text, code):
    told = read(EXECUTED, related=related(identifier="pod", status_code=text)).event
    assert told.infrastructure == Infrastructure("pod", code)
    assert type(told.infrastructure.status_code) is type(code)


def test_no_infrastructure_is_not_told():
    assert read(EXECUTED, related=related()).event.infrastructure is None


# Ids


def test_uuids_are_written_in_lower_case():
    upper = read(
        with_label(EXECUTED, "flow-run", "resource.id", f"prefect.flow-run.{RUN.upper()}"),
        id=END.upper(),
        follows=START.upper(),
    )
    assert (upper.event.id, upper.event.follows, upper.subject) == (END, START, RUN)


def test_worker_ids_are_verbatim():
    told = read(with_label(STARTED, "own", "resource.id", "prefect.worker.K8S.Ärger.v1"))
    assert (told.subject, told.event.worker, told.details.worker.id) == ("prefect.worker.K8S.Ärger.v1",) * 3


# Tags


@pytest.mark.parametrize(
    "tags, most, kept, truncated",
    [
        ((), 3, (), False),
        (("b", "a"), 3, ("a", "b"), False),
        (("b", "a", "b"), 2, ("a", "b"), False),
        (("c", "b", "a"), 2, ("a", "b"), True),
        (("b",), 0, (), True),
        (
            ("team:data", "a.b", "prefect.tag.x", "", "é \n"),
            9,
            ("", "a.b", "prefect.tag.x", "team:data", "é \n"),
            False,
        ),
    ],
)
def test_tags_are_sorted_and_once_each_and_verbatim(tags, most, kept, truncated):
    """Rule B4."""
    told = read(SUBMITTED, most, related=related(tags=tags))
    assert told.details.tags == kept
    assert told.event.truncated is truncated


# A foreign event costs a look (rule I1); what is ours is found wherever its name stands.


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\x00\xff",
        b"not JSON at all",
        b'{"event": "prefect.flow-run.Running"',  # broken, and not ours
        raw(STARTED, event="prefect.flow-run.Running"),
        raw(STARTED, event="prefect.worker.started-twice"),
        raw(STARTED, event="x", payload={"message": "prefect.worker.started"}),
        orjson.dumps({"payload": {"event": "prefect.worker.started"}, "event": "prefect.automation.triggered"}),
    ],
)
def test_what_cannot_concern_us_is_nothing(value):
    assert decode(value, READING) is None


@pytest.mark.parametrize("said", OURS.values(), ids=OURS)
def test_an_event_of_ours_is_found_in_any_order_of_keys_and_any_spacing(said):
    expected = decode(raw(said), READING)
    nested = {"payload": {"occurred": "x", "event": "prefect.flow-run.Running"}}
    for keys in (sorted(said), sorted(said, reverse=True), [*nested, *said], ["event", "occurred", *said]):
        shuffled = {key: nested.get(key, said.get(key)) for key in keys}
        assert decode(orjson.dumps(shuffled), READING) == expected
        assert decode(orjson.dumps(shuffled, option=orjson.OPT_INDENT_2), READING) == expected


def test_unknown_keys_and_labels_are_ignored():
    """Rule I3."""
    assert read(with_label(SUBMITTED, "flow-run", "color", {"a": 1}), account="x", workspace=None) == read(SUBMITTED)


# However large an event is, what it brings is bounded by rule B5 (a raw topic's limit counts compressed bytes).


def test_a_large_event_is_trimmed():
    tags = [f"{number:05}" + "x" * 95 for number in range(999)]
    large = read(with_label(SUBMITTED, "flow", "resource.name", "n" * 1025), related=related(tags=tags))
    assert large.event.truncated
    assert large.details.tags == tuple(tags[:636])  # 103 bytes each, of 65,536
    large = read(with_label(SUBMITTED, "flow", "resource.name", "n" * 1025), payload={"filler": "x" * 65_536})
    assert large.details == replace(OF_RUN, flow=Named(FLOW, None))
    assert large.event.truncated


@pytest.mark.parametrize("tag", ["x" * 100, "\u0001" * 100, "\U0001f600" * 100], ids=["ascii", "escaped", "astral"])
@pytest.mark.parametrize("said", TOLD.values(), ids=TOLD)
def test_what_a_large_event_brings_has_bounded_bytes(said, tag):
    """However it is written: the lifecycles topic, a table's entry and a record must take it."""
    large = dict.fromkeys(("prefect.resource.name", "prefect.version", "prefect.worker-type"), tag * 40)
    others = [one | {"prefect.resource.name": tag * 40} for one in related(tags=[f"{n}{tag}" for n in range(900)])]
    found = read({**said, "resource": said["resource"] | large}, 10_000, related=others)
    assert found.event.truncated
    assert len(msgspec.json.encode(found.details)) < 256 * 1024


@pytest.mark.parametrize("said", TOLD.values(), ids=TOLD)
def test_a_large_event_with_too_long_an_id_is_invalid(said):
    """A record promises its worker's and its runner's id."""
    id_ = said["resource"]["prefect.resource.id"] + "x" * 1024
    with pytest.raises(InvalidEvent, match="more than 1024 characters"):
        read({**said, "resource": said["resource"] | {"prefect.resource.id": id_}}, payload={"filler": "x" * 65_536})


SAMPLE = Path(__file__).parents[2] / "demo" / "sample" / "prefect-3.9.1-events.jsonl"


def test_the_sample_is_read_as_it_was_observed():
    decoded = [decode(line, READING) for line in SAMPLE.read_bytes().splitlines()]
    meant = [(one.kind, one.event.role) for one in decoded if one]
    assert len(decoded) == 341
    assert {meaning: meant.count(meaning) for meaning in sorted(set(meant))} == {
        (Kind.FLOW_RUN, Role.CANCELLATION): 1,
        (Kind.FLOW_RUN, Role.END): 22,
        (Kind.FLOW_RUN, Role.RUNNING): 25,
        (Kind.FLOW_RUN, Role.START): 26,
        (Kind.FLOW_RUN, Role.STATE): 25,
        (Kind.WORKER, Role.END): 2,
        (Kind.WORKER, Role.START): 13,
    }

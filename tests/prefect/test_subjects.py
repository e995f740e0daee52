"""The key of any event is the subject that the stage finds in it, so that it can take one hop."""

import gzip

import orjson
import pytest

from correlator import prefect
from correlator.prefect import InvalidEvent, Reading, subject_of
from demo.session import SAMPLE

READING = Reading(1000, frozenset({"kubernetes", "ecs"}))
CAPTURES = sorted(SAMPLE.parent.glob("*.jsonl*"))
RUN = "0b4084b7-bbe4-5860-9c6e-a56918693ca0"


def lines(path):
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines()


def subject(line):
    event = orjson.loads(line)
    return subject_of(line, event["event"], event["resource"]["prefect.resource.id"])


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
def test_it_is_the_one_that_the_stage_finds(capture):
    compared = 0
    for line in lines(capture):
        try:
            decoded = prefect.decode(line, READING)
        except InvalidEvent:
            continue
        if decoded is not None:
            compared += 1
            assert subject(line) == decoded.subject
    assert compared > 20


@pytest.mark.parametrize(
    "resource, related, expected",
    [
        ("my.thing", [], "my.thing"),
        (
            "my.thing",
            [{"prefect.resource.id": f"prefect.flow-run.{RUN.upper()}", "prefect.resource.role": "flow-run"}],
            RUN,
        ),
        (
            "my.thing",
            [{"prefect.resource.id": f"prefect.flow-run.{RUN}", "prefect.resource.role": "parent"}],
            "my.thing",
        ),
        (f"prefect.flow-run.{RUN}", [], RUN),
        ("my.thing", [{"prefect.resource.id": 5}, {"prefect.resource.id": f"prefect.flow-run.{RUN}"}], "my.thing"),
        ("my.thing", None, "my.thing"),
        ("my.thing", "none", "my.thing"),
    ],
)
def test_of_an_event_that_is_not_the_stages(resource, related, expected):
    event = {"event": "my.event", "resource": {"prefect.resource.id": resource}, "related": related}
    assert subject(orjson.dumps(event)) == expected


def test_a_label_that_is_no_text_changes_nothing():
    """The stage reads such an event label by label, so the key must not differ."""
    related = [
        {
            "prefect.resource.id": f"prefect.flow-run.{RUN}",
            "prefect.resource.role": "flow-run",
            "prefect.resource.name": 1,
        }
    ]
    own = {"prefect.resource.id": "prefect.worker.process.w", "prefect.resource.name": 7}
    event = {
        "id": RUN,
        "occurred": "2026-11-23T15:38:21.737255Z",
        "event": "prefect.worker.submitted-flow-run",
        "resource": own,
        "related": related,
    }
    assert subject(orjson.dumps(event)) == prefect.decode(orjson.dumps(event), READING).subject == RUN

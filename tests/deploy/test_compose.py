"""The laptop's compose.yaml, as far as it can be looked at without an engine."""

import ast
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import orjson

from correlator.settings import Settings
from demo.session import SAMPLE, length, session
from local.jars import kafka_version
from sessions.release import DEFAULT
from tests.deploy.manifests import COMPOSE, ROOT, documents
from tools.manifests import DEPLOY

SERVICES = documents(COMPOSE)[0]["services"]
WEB = {"correlator": "", "bridge": "bridge_"}
"""By service, what the name of the setting of its web port begins with."""
LINES = SAMPLE.read_bytes().splitlines()
BEGINS = datetime(2030, 1, 1, tzinfo=UTC)


def played(name, begins=BEGINS):
    return [(due.at, orjson.loads(due.event)) for due in session(LINES, begins, name)]


def test_it_runs_the_kafka_that_the_tests_run():
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_the_image_is_built_once_for_all_that_run_it():
    ours = {name for name, service in SERVICES.items() if service["image"] == "correlator:laptop"}
    assert ours == {"topics", "correlator", "bridge", "feeder"}
    assert [name for name, service in SERVICES.items() if "build" in service] == ["topics"]
    assert {SERVICES[name]["pull_policy"] for name in ours} == {"never"}


def test_it_runs_the_prefect_that_the_sample_is_of():
    images = {service["image"] for service in SERVICES.values() if "prefect" in service["image"]}
    assert images == {f"prefecthq/prefect:{DEFAULT}-python3.13"}


def test_prefect_runs_flows_that_there_are():
    (mounted,) = {path for name in ("flows", "prefect-worker") for path in SERVICES[name]["volumes"]}
    source, target, mode = mounted.split(":")
    (project,) = documents(ROOT / source / "prefect.yaml")
    assert (target, mode) == (SERVICES["flows"]["working_dir"], "ro")
    assert [list(step.values()) for step in project["pull"]] == [[{"directory": target}]]
    pools = set()
    for deployment in project["deployments"]:
        file, _, name = deployment["entrypoint"].partition(":")
        code = ast.parse((ROOT / source / file).read_text())
        assert name in {node.name for node in code.body if isinstance(node, ast.FunctionDef)}
        pools.add(deployment["work_pool"]["name"])
    made, started = (list(map(str, SERVICES[name]["command"])) for name in ("flows", "prefect-worker"))
    assert pools == {started[started.index("--pool") + 1]}
    assert f"work-pool create {pools.pop()} --type process" in made[-1]


def test_what_is_published_is_keyed_as_the_stage_reads_it():
    for name in ("topics", "correlator", "bridge", "feeder"):
        assert SERVICES[name]["environment"]["CORRELATOR_INPUT_KEYED_BY"] == "subject"


def test_the_bridge_reads_the_prefect_that_the_worker_speaks_to():
    urls = {SERVICES[name]["environment"]["PREFECT_API_URL"] for name in ("bridge", "flows", "prefect-worker")}
    (url,) = map(urlsplit, urls)
    assert (url.hostname, url.path) == ("prefect", "/api")
    assert SERVICES["prefect"]["ports"] == [f"127.0.0.1:{url.port}:{url.port}"]


def test_what_is_asked_for_health_and_metrics_is_where_they_are():
    (prometheus,) = documents(DEPLOY / "compose" / "prometheus.yaml")
    (job,) = prometheus["scrape_configs"]
    (static,) = job["static_configs"]
    ports = {name: Settings.model_fields[f"{setting}web_port"].default for name, setting in WEB.items()}
    assert static["targets"] == [f"{name}:{port}" for name, port in ports.items()]
    assert f"127.0.0.1:{ports['bridge']}/healthz" in SERVICES["bridge"]["healthcheck"]["test"][-1]


def test_what_waits_for_kafka_is_told_soon_and_kafka_is_left_alone_afterwards():
    asked = SERVICES["kafka"]["healthcheck"]
    assert (asked["start_interval"], asked["interval"]) == ("5s", "60s")


def test_what_it_mounts_is_there():
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert mounted
    assert [path for path in mounted if not (ROOT / path).exists()] == []


def test_every_port_is_this_machines_alone():
    assert all(port.startswith("127.0.0.1:") for service in SERVICES.values() for port in service.get("ports", []))


def test_a_session_keeps_its_order_its_distances_and_its_links():
    events = [event for _, event in played("x")]
    sample = [orjson.loads(line) for line in LINES]
    assert [event["event"] for event in events] == [event["event"] for event in sample]
    place = {event["id"]: n for n, event in enumerate(sample)}
    for event, was in zip(events, sample, strict=True):
        if was["follows"] in place:
            assert event["follows"] == events[place[was["follows"]]]["id"]
    times, were = ([datetime.fromisoformat(event["occurred"]) for event in several] for several in (events, sample))
    assert {time - was for time, was in zip(times, were, strict=True)} == {BEGINS - min(were)}
    assert max(times) == BEGINS + length(LINES)


def test_each_event_is_due_when_it_occurs():
    assert all(at == datetime.fromisoformat(event["occurred"]) for at, event in played("x"))


def test_sessions_share_workers_and_pools_and_no_event_and_no_run():
    def named(name):
        events = [event for _, event in played(name, BEGINS + timedelta(hours=1))]
        resources = list(itertools.chain.from_iterable([event["resource"], *event["related"]] for event in events))
        ids = {resource["prefect.resource.id"] for resource in resources}
        return {event["id"] for event in events}, {id_ for id_ in ids if ".flow-run." in id_}, ids

    (events, runs, ids), (others, other_runs, other_ids) = named("x"), named("y")
    assert len(events) == len(LINES)
    assert all(uuid.UUID(id_) for id_ in events)
    assert not events & others
    assert runs
    assert not runs & other_runs
    assert ids - runs == other_ids - other_runs

"""A real Prometheus that scrapes a real stage, and what a bridge says: every panel shows something, and each alert has
its series.
"""

import asyncio
import math
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from correlator.core import Outcome
from correlator.event import Kind
from demo.session import SAMPLE
from local.ports import free_ports
from tests.monitoring import bridges, files
from tests.monitoring.detached import detached_runs
from tests.monitoring.prometheus import PATIENCE, Prometheus, program, promtool
from tests.stage.generated import BEGIN, HOUR, Shape, generate, last_events
from tests.stage.running import Stage, stages

SHAPE = Shape(hours=6, runs=400, workers=10, twins=2)
DETACHED, SILENT = 48, 6
INVALID = [b'{"event":"prefect.worker.started"}', b'{"event":"prefect.worker.stopped",']
SUBSTITUTES = {
    **dict.fromkeys(("$namespace", "$job", "$pool"), ".*"),
    "$__rate_interval": "1m",
    "$__interval": "1m",
    "$__range": "5m",
}
WELL = {
    "CorrelatorDown",
    "CorrelatorStandsStill",
    "CorrelatorNotReady",
    "CorrelatorRestarts",
    "CorrelatorWorkerAway",
    "CorrelatorPartitionsUnheld",
    "CorrelatorInputBlocked",
    "CorrelatorBridgeDown",
    "CorrelatorBridgeRestarts",
    "CorrelatorBridgeSilent",
    "CorrelatorBridgeStandsStill",
    "CorrelatorBridgeNotLive",
}


@pytest.fixture(scope="module")
def ports() -> list[int]:
    """The worker's, and the bridge's."""
    return free_ports(2)


@pytest.fixture(scope="module")
def prometheus(kafka: str, tmp_path_factory: pytest.TempPathFactory, ports: list[int]) -> Iterator[Prometheus]:
    """It has seen a stage from the start through all that may happen to runs and workers."""
    for name in ("prometheus", "promtool"):
        program(name)
    directory = tmp_path_factory.mktemp("monitoring")
    with ExitStack() as stack:
        stage = stack.enter_context(stages(directory))(kafka, WEB_PORT=str(ports[0]))
        bridge = bridges.metrics()
        stack.enter_context(bridges.serving(bridge, ports[1]))
        prometheus = Prometheus(directory, ports, files.ALERTS)
        stack.callback(prometheus.stop)
        prometheus.wait_until_ready()
        asyncio.run(_let_happen(stage, prometheus, bridge))
        yield prometheus


async def _let_happen(stage: Stage, prometheus: Prometheus, bridge: bridges.Metrics) -> None:
    """In two halves, as nothing has a rate before it was seen twice."""
    stage.start()
    bridge.add(bridges.done())
    records = list(generate(7, SHAPE).records(keyed=False))
    await _until(lambda: (_value(prometheus, "prefect_correlator_ready") or 0) == 1)
    fed = await stage.feed(records[: len(records) // 2])
    fed += await stage.feed((None, value) for value in _detached(2))
    await _until(lambda: _read(prometheus) == fed)
    await _until(lambda: _value(prometheus, "prefect_correlator_flow_run_startup_seconds_count") is not None)
    bridge.add(bridges.done())
    fed += await stage.feed(records[len(records) // 2 :])
    fed += await stage.feed((None, value) for value in _detached(5))
    fed += await stage.feed((None, value) for _, value in last_events(int(stage.settings["PARTITIONS"])))
    fed += await stage.feed((None, value) for value in (*SAMPLE.read_bytes().splitlines(), *INVALID))
    await _until(lambda: _read(prometheus) == fed)
    await stage.until_done()
    await asyncio.sleep(2)  # scraped, and the rules evaluated


def _detached(hour: int) -> Iterator[bytes]:
    return detached_runs(DETACHED // 2, round((BEGIN + hour * HOUR) * 1e6), silent=SILENT // 2, seed=hour)


def _read(prometheus: Prometheus) -> float | None:
    return _value(prometheus, 'sum(prefect_correlator_events_total{stage="intake"})')


def _value(prometheus: Prometheus, expression: str) -> float | None:
    return next((value for _, value in prometheus.query(expression)), None)


async def _until(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        await asyncio.sleep(0.2)


def test_every_outcome_occurred(prometheus: Prometheus):
    expression = 'sum by (kind, outcome) (prefect_correlator_records_total{amended="false"}) > 0'
    seen = {(labels["kind"], labels["outcome"]) for labels, _ in prometheus.query(expression)}
    runs = {(Kind.FLOW_RUN, outcome) for outcome in Outcome}
    assert seen == runs | {(Kind.WORKER, outcome) for outcome in Outcome if outcome is not Outcome.CANCELLED}


def test_runs_whose_workers_do_not_wait_are_told_of_by_witnesses_or_silent(prometheus: Prometheus):
    assert (_value(prometheus, "sum(prefect_correlator_detached_runs_total)") or 0) >= DETACHED
    assert (_value(prometheus, "sum(prefect_correlator_silent_runs_total)") or 0) >= SILENT
    counted = prometheus.query("sum by (ended_by) (prefect_correlator_flow_run_duration_seconds_count)")
    assert {labels["ended_by"] for labels, value in counted if value} == {"worker", "infrastructure", "flow-run"}


@pytest.mark.parametrize("where, expression", list(files.expressions()), ids=lambda it: it[:40])
def test_there_is_something_to_see_in_every_panel(prometheus: Prometheus, where: str, expression: str):
    values = [value for _, value in prometheus.query(_substituted(expression))]
    assert values, f"{where}: no series"
    assert not all(math.isnan(value) for value in values), f"{where}: no number"


def test_every_variable_has_something_to_choose(prometheus: Prometheus):
    for variable in files.dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"])
            assert found, variable["definition"]
            match, label = found.groups()
            assert prometheus.ask(f"label/{label}/values", **{"match[]": _substituted(match)})


@pytest.mark.parametrize("rule", [*files.alerts(), *files.recorded()], ids=lambda rule: rule.get("alert", "record"))
def test_every_series_that_a_rule_asks_for_exists(prometheus: Prometheus, rule: dict[str, str]):
    for selector in [*files.selectors(rule["expr"]), *re.findall(r"\b(?:topic|pool):\w+:\w+", rule["expr"])]:
        assert prometheus.query(selector), selector


def test_prometheus_evaluates_every_rule(prometheus: Prometheus):
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert [(rule["name"], rule["health"]) for rule in rules if rule["health"] != "ok"] == []
    assert len(rules) == len(files.alerts()) + len(files.recorded())


def test_no_alert_says_that_a_stage_is_ill_that_is_well(prometheus: Prometheus):
    states = {alert["labels"]["alertname"]: alert["state"] for alert in prometheus.ask("alerts")["alerts"]}
    assert WELL & states.keys() == set()
    assert states["CorrelatorDeadLetters"] == "firing", "so alerts do arise"


@pytest.mark.parametrize("whose", [0, 1], ids=["worker", "bridge"])
def test_promtool_finds_nothing_to_say_against_the_metrics(prometheus: Prometheus, ports: list[int], whose: int):
    with urllib.request.urlopen(f"http://127.0.0.1:{ports[whose]}/metrics", timeout=PATIENCE) as answer:
        checked = promtool("check", "metrics", text=answer.read())
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def _substituted(expression: str) -> str:
    for variable, value in SUBSTITUTES.items():
        expression = expression.replace(variable, value)
    return expression

"""What deploy/monitoring and docs/alerts.md say, and what the stage and the bridge have to say of themselves."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from correlator.engine import TopicPartition
from correlator.metrics import Metrics
from tests.monitoring import bridges
from tests.web.conditions import condition

ROOT = Path(__file__).parent.parent.parent
MONITORING = ROOT / "deploy" / "monitoring"
ALERTS = MONITORING / "alerts.yaml"
ALERTS_TESTS = (MONITORING / "alerts_test.yaml", MONITORING / "alerts_over_days_test.yaml")
DASHBOARD, RUNBOOK = MONITORING / "dashboard.json", ROOT / "docs" / "alerts.md"

_OURS = re.compile(r"(?<![:\w])(?:prefect_correlator|process)_\w+(?:\{[^}]*\})?")
_SAMPLES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "info": ["_info"], "gauge": [""]}


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in _rules() if "alert" in rule]


def recorded() -> list[dict[str, Any]]:
    return [rule for rule in _rules() if "record" in rule]


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    return dict(json.loads(DASHBOARD.read_text()))


def panels() -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """The dashboard's expressions, with where each stands."""
    for panel in panels():
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in dashboard()["annotations"]["list"]:
        if "expr" in annotation:
            yield f"annotation {annotation['name']}", annotation["expr"]


def selectors(expression: str) -> set[str]:
    """The series that an expression selects, with their labels: ``metric{label="value"}``."""
    return set(_OURS.findall(expression))


def defined() -> set[str]:
    """The names of all series that workers and bridges may have."""
    metrics = Metrics(wall_clock=lambda: 0)
    held = {TopicPartition("topic", 0): 0}
    metrics.watch(lambda: condition(partitions={"topic": 1}, lags=held, uncommitted=held))
    written = [metrics.write(), bridges.metrics().write()]
    families = [family for text in written for family in text_string_to_metric_families(text.decode())]
    return {family.name + end for family in families for end in _SAMPLES[family.type]}

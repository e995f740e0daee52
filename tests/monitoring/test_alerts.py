"""The alerts: sound rules of metrics that exist, tried where they fire and where they must not, with a runbook each."""

import re

import pytest
import yaml

from tests.monitoring import files
from tests.monitoring.prometheus import promtool

NAMES = [alert["alert"] for alert in files.alerts()]


def test_promtool_finds_nothing_to_say_against_the_rules():
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", files.ALERTS)
    assert checked.returncode == 0, checked


def test_each_alert_fires_and_stays_silent_where_it_should():
    tested = promtool("test", "rules", *files.ALERTS_TESTS)
    assert tested.returncode == 0, tested.stdout.decode()


@pytest.mark.parametrize("fires", [True, False])
def test_each_alert_is_tried_in_both_directions(fires):
    tests = [
        test
        for file in files.ALERTS_TESTS
        for group in yaml.safe_load(file.read_text())["tests"]
        for test in group["alert_rule_test"]
    ]
    assert {test["alertname"] for test in tests if bool(test["exp_alerts"]) is fires} == set(NAMES)


def test_each_alert_has_a_section_in_the_runbook_and_no_other_has():
    sections = re.findall(r"^## (Correlator\w+)$", files.RUNBOOK.read_text(), re.MULTILINE)
    assert sections == NAMES, "in the order of the rules"


@pytest.mark.parametrize("alert", files.alerts(), ids=NAMES)
def test_an_alert_says_what_is_the_case_and_what_to_do(alert):
    said, name = alert["annotations"], alert["alert"]
    assert said.keys() == {"summary", "description"}
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert said["description"].endswith(f". docs/alerts.md#{name.lower()}")
    assert all("\n" not in text for text in said.values())


@pytest.mark.parametrize("rule", [*files.alerts(), *files.recorded()], ids=lambda rule: rule.get("alert", "record"))
def test_rules_are_about_metrics_that_exist(rule):
    names = {selector.partition("{")[0] for selector in files.selectors(rule["expr"])}
    records = {record["record"] for record in files.recorded()}
    assert names <= files.defined()
    assert names or any(record in rule["expr"] for record in records)


def test_one_deployment_is_one_alert():
    """A group's labels: two deployments in one Prometheus are told apart, and workers of one are not."""
    for rule in [*files.alerts(), *files.recorded()]:
        groupings = re.findall(r"\bby \(([^)]*)\)", rule["expr"])
        assert all(grouping.startswith("namespace, job") for grouping in groupings)
        assert "instance" not in rule["expr"]

"""Settings: what is taken, what is refused, and in which words."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from correlator.settings import Settings, SettingsError, load
from correlator.settings.described import described


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in os.environ:
        if name.upper().startswith("CORRELATOR_"):
            monkeypatch.delenv(name)


@pytest.fixture
def environment(monkeypatch):
    def set_all(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name if name.upper().startswith("CORRELATOR_") else f"CORRELATOR_{name}", value)

    return set_all


def fault(environment, **variables) -> str:
    environment(**variables)
    with pytest.raises(SettingsError) as caught:
        load()
    return str(caught.value)


def test_defaults_are_those_of_the_design():
    settings = load()
    assert settings.bootstrap_servers == ("localhost:9092",)
    assert settings.source == settings.app_id == "prefect-correlator"
    assert settings.topic_events == "prefect.events"
    assert settings.topic_worker_uptime == "prefect.worker-uptime"
    assert settings.topic_flow_run_duration == "prefect.flow-run-duration"
    assert settings.topic_dead_letter == "prefect.events.dead-letter"
    assert settings.topic_lifecycles == "prefect-correlator-lifecycles"
    assert settings.topic_changelog == "prefect-correlator-subjects-changelog"
    assert (settings.partitions, settings.slice_records) == (8, 4000)
    assert (settings.max_starts, settings.max_waiting, settings.max_tags) == (1000, 1000, 1000)
    assert settings.grace == timedelta(minutes=15)
    assert settings.remember == timedelta(minutes=30)
    assert settings.tight_timing == timedelta(minutes=5)
    assert settings.detached_workers == ("kubernetes", "ecs")
    assert (settings.flow_run_limit, settings.worker_limit) == (timedelta(days=7), timedelta(days=90))


@pytest.mark.parametrize(
    "variable, value, expected",
    [
        ("BOOTSTRAP_SERVERS", "a:1, b:2,c", ("a:1", "b:2", "c:9092")),
        ("BOOTSTRAP_SERVERS", "[::1]:9092", ("[::1]:9092",)),
        ("GRACE", "900", timedelta(minutes=15)),
        ("GRACE", "7d", timedelta(days=7)),
        ("GRACE", "PT1H30M", timedelta(minutes=90)),
        ("TIGHT_TIMING", "0", timedelta(0)),
        ("INPUT_KEYED_BY", "Subject", "subject"),
        ("LOG_LEVEL", "WARNING", "warning"),
        ("STORE", "rocksdb://", "rocksdb://"),
        ("DATA_DIR", "/var/lib/correlator", Path("/var/lib/correlator")),
        ("CREATE_TOPICS", "false", False),
        ("INSTANCE_ID", "correlator-0", "correlator-0"),
        ("INSTANCE_ID", "", None),
        ("PARTITIONS", "", 8),
        ("SOURCE", "https://example.org/etl", "https://example.org/etl"),
        ("DETACHED_WORKERS", "kubernetes", ("kubernetes",)),
        ("DETACHED_WORKERS", " ecs , my-type_2,ecs", ("ecs", "my-type_2")),
        ("DETACHED_WORKERS", "none", ()),
        ("DETACHED_WORKERS", "", ("kubernetes", "ecs")),
        ("correlator_app_id", "etl", "etl"),
    ],
)
def test_what_is_taken(environment, variable, value, expected):
    environment(**{variable: value})
    assert getattr(load(), variable.lower().removeprefix("correlator_")) == expected


def test_what_derives_from_the_app_id_follows_it(environment):
    environment(APP_ID="etl")
    settings = load()
    assert (settings.source, settings.topic_lifecycles, settings.topic_changelog) == (
        "etl",
        "etl-lifecycles",
        "etl-subjects-changelog",
    )


@pytest.mark.parametrize(
    "variable, value, reason",
    [
        ("BOOTSTRAP_SERVERS", "kafka://a:1", "must be host:port"),
        ("BOOTSTRAP_SERVERS", "a:1,,b:2", "must be host:port"),
        ("BOOTSTRAP_SERVERS", "a:65536", "must be host:port"),
        ("BOOTSTRAP_SERVERS", "a:0", "must be host:port"),
        ("APP_ID", "a b", "must consist of letters, digits"),
        ("APP_ID", "a" * 231, "must not be longer than 230 characters"),
        ("TOPIC_EVENTS", "prefect/events", "must consist of letters, digits"),
        ("TOPIC_EVENTS", "..", "must consist of letters, digits"),
        ("TOPIC_EVENTS", "e" * 250, "must not be longer than 249 characters"),
        ("SOURCE", "a b", "must be a URI reference"),
        ("PARTITIONS", "0", "must be more than 0"),
        ("PARTITIONS", "many", "must be a whole number"),
        ("REPLICATION_FACTOR", "0", "must be at least 1"),
        (
            "DETACHED_WORKERS",
            "kubernetes,",
            "must be types of workers with commas between, such as kubernetes,ecs; or none",
        ),
        ("DETACHED_WORKERS", ",", "must be types of workers with commas between"),
        ("DETACHED_WORKERS", "Kubernetes", "must be types of workers with commas between"),
        ("DETACHED_WORKERS", "kubernetes ecs", "must be types of workers with commas between"),
        ("DETACHED_WORKERS", "prefect.worker.ecs", "must be types of workers with commas between"),
        ("DETACHED_WORKERS", "none,ecs", "must be types of workers with commas between"),
        ("STORE", "redis://", "must be 'memory://' or 'rocksdb://'"),
        ("INPUT_KEYED_BY", "flow", "must be 'any' or 'subject'"),
        ("CREATE_TOPICS", "perhaps", "must be true or false"),
        ("GRACE", "15 minutes", "must be a duration such as 900 (seconds), 30s, 15m"),
        ("GRACE", "0", "must be at least 1us"),
        ("GRACE", "-5", "must be a duration"),
        ("SESSION_TIMEOUT", "100ms", "must be at least 1s"),
        ("WORKER_LIMIT", "9999w", "must not be longer than 36525d"),
        ("LOG_LEVEL", "loud", "must be 'debug', 'info', 'warning' or 'error'"),
        ("INSTANCE_ID", "pod/0", "must consist of letters, digits"),
    ],
)
def test_what_is_refused_is_named_with_the_reason(environment, variable, value, reason):
    text = fault(environment, **{variable: value})
    assert text.startswith(f"CORRELATOR_{variable} is {value[:80]!r} but {reason}")
    assert text.endswith(".")
    assert "\n" not in text


def test_every_fault_is_named_in_one_go(environment):
    text = fault(environment, GRACE="soon", PARTITIONS="many", APP_ID="a b", GRACES="1")
    assert [line.split()[0] for line in sorted(text.splitlines())] == [
        "CORRELATOR_APP_ID",
        "CORRELATOR_GRACE",
        "CORRELATOR_GRACES",
        "CORRELATOR_PARTITIONS",
    ]


@pytest.mark.parametrize(
    "variables",
    [
        {"TOPIC_EVENTS": "prefect.worker-uptime"},
        {"TOPIC_DEAD_LETTER": "prefect_events"},  # differs in '.' and '_' only: Kafka refuses it
        {"TOPIC_EVENTS": "prefect-correlator-lifecycles"},
        {"TOPIC_EVENTS": "etl-subjects-changelog", "APP_ID": "etl"},
    ],
)
def test_topics_are_distinct(environment, variables):
    assert "give each topic a name of its own" in fault(environment, **variables)


@pytest.mark.parametrize(
    "name, hint",
    [
        ("GRACES", "did you mean CORRELATOR_GRACE?"),
        ("BROKER", "the README lists them."),
        ("APPID", "CORRELATOR_APP_ID?"),
    ],
)
def test_a_misspelt_variable_is_a_mistake(environment, name, hint):
    text = fault(environment, **{name: "x"})
    assert text.startswith(f"CORRELATOR_{name} is not a setting")
    assert text.endswith(hint)


def test_what_kubernetes_sets_for_a_service_called_correlator_is_no_mistake(environment):
    environment(
        CORRELATOR_SERVICE_HOST="10.0.0.1",
        CORRELATOR_SERVICE_PORT="80",
        CORRELATOR_SERVICE_PORT_HTTP="80",
        CORRELATOR_PORT="tcp://10.0.0.1:80",
        CORRELATOR_PORT_80_TCP="tcp://10.0.0.1:80",
        CORRELATOR_PORT_80_TCP_PROTO="tcp",
        CORRELATOR_METRICS_SERVICE_HOST="10.0.0.1",
    )
    load()
    assert "CORRELATOR_HTTP_PORT is not a setting" in fault(environment, HTTP_PORT="80")


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        load().partitions = 3


def test_every_setting_is_described():
    rows = list(described())
    assert len(rows) == len(Settings.model_fields)
    assert all(row.name.startswith("CORRELATOR_") and row.default and row.description for row in rows)
    assert ("CORRELATOR_GRACE", "`15m`") in {row[:2] for row in rows}
    assert ("CORRELATOR_SOURCE", "the app id") in {row[:2] for row in rows}
    assert ("CORRELATOR_INSTANCE_ID", "not set") in {row[:2] for row in rows}


def test_nothing_is_read_at_import():
    bad = {**os.environ, "CORRELATOR_PARTITIONS": "many", "CORRELATOR_TYPO": "1"}
    subprocess.run([sys.executable, "-c", "import correlator.settings"], env=bad, check=True)

"""The topics of a deployment, as they should be."""

from datetime import timedelta

import pytest

from correlator.settings import Settings
from correlator.topics import Purpose, declared, declared_for_bridge

MONTH, WEEK = str(30 * 86_400_000), str(7 * 86_400_000)


def test_by_default():
    assert [(spec.name, spec.purpose, spec.partitions, dict(spec.config)) for spec in declared(Settings())] == [
        ("prefect.events", Purpose.INPUT, 8, {}),
        ("prefect.worker-uptime", Purpose.RECORDS, 8, {"cleanup.policy": "delete", "retention.ms": MONTH}),
        ("prefect.flow-run-duration", Purpose.RECORDS, 8, {"cleanup.policy": "delete", "retention.ms": MONTH}),
        ("prefect.events.dead-letter", Purpose.DEAD_LETTERS, 8, {"cleanup.policy": "delete", "retention.ms": MONTH}),
        ("prefect-correlator-lifecycles", Purpose.LIFECYCLES, 8, {"cleanup.policy": "delete", "retention.ms": WEEK}),
        ("prefect-correlator-subjects-changelog", Purpose.CHANGELOG, 8, {"cleanup.policy": "compact"}),
    ]


def test_names_partitions_and_replicas_are_settings():
    specs = declared(Settings(app_id="etl", topic_events="raw", partitions=3, replication_factor=2))
    assert specs[0].name == "raw"
    assert specs[-1].name == "etl-subjects-changelog"
    assert {(spec.partitions, spec.replication_factor) for spec in specs} == {(3, 2)}


@pytest.mark.parametrize("keyed_by, names", [("any", 6), ("subject", 5)])
def test_the_changelog_has_the_partitions_of_what_is_joined(keyed_by, names):
    settings = Settings(input_keyed_by=keyed_by)
    specs = declared(settings, 12)
    assert [spec.partitions for spec in specs] == [8] * (names - 1) + [12]
    assert declared(settings)[-1].partitions == 8
    assert (Purpose.LIFECYCLES in {spec.purpose for spec in specs}) is (keyed_by == "any")


def test_what_is_the_users_is_not_declared():
    input_, *_, changelog = declared(Settings())
    assert (input_.cleanup_policy, input_.retention) == (None, None)
    assert (changelog.cleanup_policy, changelog.retention) == ("compact", None)
    assert declared(Settings())[1].retention == timedelta(days=30)


@pytest.mark.parametrize("replicas, in_sync", [(1, None), (2, None), (3, "2"), (5, "2")])
def test_with_three_replicas_two_must_have_what_is_written(replicas, in_sync):
    input_, *own = declared(Settings(replication_factor=replicas))
    assert {spec.config.get("min.insync.replicas") for spec in own} == {in_sync}
    assert not input_.config


@pytest.mark.parametrize("replicas, safe", [(1, {}), (3, {"min.insync.replicas": "2"})])
def test_the_bridge_writes_the_input_and_its_position(replicas, safe):
    settings = Settings(app_id="etl", replication_factor=replicas)
    input_, position = declared_for_bridge(settings)
    assert input_ == declared(settings)[0]
    often = {"segment.bytes": "8388608", "segment.ms": "3600000"}
    assert (position.name, position.purpose, position.partitions) == ("etl-bridge", Purpose.POSITION, 1)
    assert dict(position.config) == {"cleanup.policy": "compact"} | often | safe

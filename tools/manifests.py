"""``python -m tools.manifests``: write those files of ``deploy/`` that follow from what is said elsewhere.

Strimzi's topics and users from the settings of the base, by what the stage and the bridge declare and need; the
Prometheus operator's rule from the alerts.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from correlator.settings import VARIABLE_PREFIX, Settings
from correlator.topics import (
    Permission,
    Purpose,
    Resource,
    TopicSpec,
    declared,
    declared_for_bridge,
    needed,
    needed_by_bridge,
)

Manifest: TypeAlias = dict[str, Any]
"""A Kubernetes resource, as YAML has it."""

DEPLOY: Final = Path(__file__).parent.parent / "deploy"
NAME: Final = "correlator"
"""Of all that is the stage's: of its Kafka user, too."""

BRIDGE: Final = "correlator-bridge"
"""Of all that is the bridge's, likewise."""

VERSION: Final = "kafka.strimzi.io/v1"

CLUSTER: Final = "kafka"
"""What the Strimzi component calls the Kafka cluster."""

_RESOURCES: Final = {
    Resource.TOPIC: "topic",
    Resource.GROUP: "group",
    Resource.TRANSACTIONAL_ID: "transactionalId",
}


class _Given(Settings):
    """Settings that the environment has no say in."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings() -> Settings:
    """The settings of the base."""
    lines = (DEPLOY / "base" / "settings.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return _Given.model_validate({name.removeprefix(VARIABLE_PREFIX).lower(): value for name, value in given.items()})


def topics(settings: Settings) -> list[Manifest]:
    """A KafkaTopic for each topic of the stage's own.

    The input is somebody else's: Strimzi removes the settings that a KafkaTopic does not name, and the topic with it.
    """
    return [_topic(spec) for spec in declared(settings) if spec.purpose is not Purpose.INPUT]


def input_topic(settings: Settings) -> Manifest:
    """A KafkaTopic for the input, where somebody wants Strimzi to create it."""
    (manifest,) = [_topic(spec) for spec in declared(settings) if spec.purpose is Purpose.INPUT]
    return manifest


def position_topic(settings: Settings) -> Manifest:
    """A KafkaTopic for the one that is the bridge's own."""
    (manifest,) = [_topic(spec, BRIDGE) for spec in declared_for_bridge(settings) if spec.purpose is not Purpose.INPUT]
    return manifest


def user(settings: Settings) -> Manifest:
    """The KafkaUser that the stage is."""
    return _user(NAME, needed(settings))


def bridge_user(settings: Settings) -> Manifest:
    """The KafkaUser that the bridge is."""
    return _user(BRIDGE, needed_by_bridge(settings))


def without_topics(settings: Settings) -> list[Manifest]:
    """Patches: the KafkaTopics go that the stage does without in one hop."""
    used = declared(_in_one_hop(settings))
    gone = [spec for spec in declared(settings) if spec.name not in {it.name for it in used}]
    return [{"$patch": "delete", **_named("KafkaTopic", _resource_name(spec))} for spec in gone]


def without_rights(settings: Settings) -> Manifest:
    """A patch: the stage's user may what it needs in one hop. It is the whole list, as no part of it has a name."""
    return {**_named("KafkaUser", NAME), "spec": {"authorization": _authorization(needed(_in_one_hop(settings)))}}


def rule(alerts: str) -> Manifest:
    """The PrometheusRule of a Prometheus rule file's text."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": NAME},
        "spec": yaml.safe_load(alerts),
    }


def files() -> Iterator[tuple[Path, str]]:
    """Every file that is written here, with its text."""
    now = settings()
    yield DEPLOY / "strimzi" / "topics.yaml", _text(*topics(now))
    yield DEPLOY / "strimzi" / "user.yaml", _text(user(now))
    yield DEPLOY / "strimzi-input" / "topics.yaml", _text(input_topic(now))
    yield DEPLOY / "strimzi-bridge" / "topics.yaml", _text(position_topic(now))
    yield DEPLOY / "strimzi-bridge" / "user.yaml", _text(bridge_user(now))
    yield DEPLOY / "strimzi-one-hop" / "topics.yaml", _text(*without_topics(now))
    yield DEPLOY / "strimzi-one-hop" / "user.yaml", _text(without_rights(now))
    alerts = (DEPLOY / "monitoring" / "alerts.yaml").read_text()
    yield DEPLOY / "monitoring" / "prometheusrule.yaml", _text(rule(alerts))


def _in_one_hop(settings: Settings) -> Settings:
    return settings.model_copy(update={"input_keyed_by": "subject"})


def _topic(spec: TopicSpec, whose: str = NAME) -> Manifest:
    config = {key: int(value) if value.isdecimal() else value for key, value in spec.config.items()}
    body: Manifest = {"topicName": spec.name, "partitions": spec.partitions, "replicas": spec.replication_factor}
    return _strimzi("KafkaTopic", _resource_name(spec), whose, body | ({"config": config} if config else {}))


def _resource_name(spec: TopicSpec) -> str:
    return spec.name.lower().replace("_", "-")


def _user(name: str, permissions: Iterable[Permission]) -> Manifest:
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": _authorization(permissions)}
    return _strimzi("KafkaUser", name, name, spec)


def _authorization(permissions: Iterable[Permission]) -> Manifest:
    rules = [
        {
            "resource": {
                "type": _RESOURCES[permission.resource],
                "name": permission.name,
                "patternType": "prefix" if permission.prefixed else "literal",
            },
            "operations": [operation.name.title().replace("_", "") for operation in permission.operations],
        }
        for permission in permissions
    ]
    return {"type": "simple", "acls": rules}


def _strimzi(kind: str, name: str, whose: str, spec: Mapping[str, Any]) -> Manifest:
    manifest = _named(kind, name)
    manifest["metadata"]["labels"] = {
        "app.kubernetes.io/name": whose,
        "app.kubernetes.io/instance": NAME,
        "strimzi.io/cluster": CLUSTER,
    }
    return {**manifest, "spec": dict(spec)}


def _named(kind: str, name: str) -> Manifest:
    return {"apiVersion": VERSION, "kind": kind, "metadata": {"name": name}}


class _Dumper(yaml.SafeDumper):
    """One that writes lines as lines."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """A text of several lines as a block."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _Dumper.represent_str)


def _text(*manifests: Manifest) -> str:
    written = yaml.dump_all(
        manifests, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True, explicit_start=True
    )
    return f"# Written by `make contract`; change what it is written from.\n{written}"


if __name__ == "__main__":
    for path, text in files():
        path.write_text(text)

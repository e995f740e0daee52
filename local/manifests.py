"""``python -m local.manifests``: write those files of ``deploy/`` that follow from what is said elsewhere.

Strimzi's topics and user from the settings of the base, by what the stage declares and needs; the Prometheus
operator's rule from the alerts.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from correlator.settings import Settings
from correlator.topics import Resource, Role, TopicSpec, declared, needed
from correlator.values import PREFIX

Manifest: TypeAlias = dict[str, Any]
"""A Kubernetes resource, as YAML has it."""

DEPLOY: Final = Path(__file__).parent.parent / "deploy"
NAME: Final = "correlator"
"""Of all that is the stage's: of its Kafka user, too."""

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
    return _Given.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in given.items()})


def topics(settings: Settings) -> list[Manifest]:
    """A KafkaTopic for each topic of the stage's own.

    The input is somebody else's: Strimzi removes the settings that a KafkaTopic does not name, and the topic with it.
    """
    return [_topic(spec) for spec in declared(settings) if spec.role is not Role.INPUT]


def input_topic(settings: Settings) -> Manifest:
    """A KafkaTopic for the input, where somebody wants Strimzi to create it."""
    (manifest,) = [_topic(spec) for spec in declared(settings) if spec.role is Role.INPUT]
    return manifest


def user(settings: Settings) -> Manifest:
    """The KafkaUser that the stage is."""
    rules = [
        {
            "resource": {
                "type": _RESOURCES[permission.resource],
                "name": permission.name,
                "patternType": "prefix" if permission.prefixed else "literal",
            },
            "operations": [operation.name.title().replace("_", "") for operation in permission.operations],
        }
        for permission in needed(settings)
    ]
    authorization = {"type": "simple", "acls": rules}
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": authorization}
    return _strimzi("KafkaUser", NAME, spec)


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
    alerts = (DEPLOY / "monitoring" / "alerts.yaml").read_text()
    yield DEPLOY / "monitoring" / "prometheusrule.yaml", _text(rule(alerts))


def _topic(spec: TopicSpec) -> Manifest:
    config = {key: int(value) if value.isdecimal() else value for key, value in spec.config.items()}
    body: Manifest = {"topicName": spec.name, "partitions": spec.partitions, "replicas": spec.replication_factor}
    return _strimzi("KafkaTopic", spec.name.lower().replace("_", "-"), body | ({"config": config} if config else {}))


def _strimzi(kind: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME, "strimzi.io/cluster": CLUSTER}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": kind, "metadata": metadata, "spec": dict(spec)}


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

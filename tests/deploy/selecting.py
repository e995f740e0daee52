"""Which pods each resource selects, and which resources it names: two deployments must not take hold of each other."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

Manifest = Mapping[str, Any]
Labels = Mapping[str, str]
WORKLOADS = {"Deployment", "StatefulSet"}
"""Kinds that have pods."""


class Selection(NamedTuple):
    """What a resource selects pods by, or spreads them by."""

    resource: str
    """Its kind and name."""
    labels: Mapping[str, tuple[str, ...]]
    """By label, the values that it may have."""

    @classmethod
    def of(cls, resource: str, selector: Mapping[str, Any]) -> Self:
        """From a label selector."""
        labels = {label: (value,) for label, value in selector.get("matchLabels", {}).items()}
        for it in selector.get("matchExpressions", []):
            assert it["operator"] == "In"
            labels[it["key"]] = tuple(it["values"])
        assert labels, "else it selects all pods"
        return cls(resource, labels)

    def takes(self, labels: Labels) -> bool:
        """Whether pods with these labels are among those that it selects."""
        return all(labels.get(label) in values for label, values in self.labels.items())


def selections(manifests: Iterable[Manifest]) -> Iterator[Selection]:
    """Every selection of pods in the manifests."""
    for manifest in manifests:
        resource, spec = name(manifest), manifest.get("spec", {})
        match manifest["kind"]:
            case "Service":
                yield Selection.of(resource, {"matchLabels": spec["selector"]})
            case "NetworkPolicy":
                yield Selection.of(resource, spec["podSelector"])
                for rule in spec["egress"]:
                    for peer in rule.get("to", ()):
                        yield Selection.of(resource, peer["podSelector"])
            case "PodDisruptionBudget" | "PodMonitor":
                yield Selection.of(resource, spec["selector"])
            case "Deployment" | "StatefulSet":
                yield Selection.of(resource, spec["selector"])
                for constraint in spec["template"]["spec"].get("topologySpreadConstraints", []):
                    yield Selection.of(resource, constraint["labelSelector"])


def selected(selection: Selection, manifests: Iterable[Manifest]) -> list[str]:
    """The workloads whose pods a selection is of."""
    return [
        name(manifest)
        for manifest in manifests
        if manifest["kind"] in WORKLOADS and selection.takes(manifest["spec"]["template"]["metadata"]["labels"])
    ]


def references(manifests: Iterable[Manifest]) -> Iterator[tuple[str, str]]:
    """Which resource names which other, where neither Kubernetes nor kustomize sees to it that they agree."""
    for manifest in manifests:
        resource, spec = name(manifest), manifest.get("spec", {})
        match manifest["kind"]:
            case "ScaledObject":
                yield resource, f"{spec['scaleTargetRef']['kind']} {spec['scaleTargetRef']['name']}"
                for trigger in spec["triggers"]:
                    if "authenticationRef" in trigger:
                        yield resource, f"TriggerAuthentication {trigger['authenticationRef']['name']}"
            case "TriggerAuthentication":
                for secret in spec["secretTargetRef"]:
                    if secret["key"] == "password":
                        yield resource, f"KafkaUser {secret['name']}"
            case "Deployment" | "StatefulSet":
                yield resource, f"ServiceAccount {spec['template']['spec']['serviceAccountName']}"
                for volume in spec["template"]["spec"].get("volumes", []):
                    if volume["name"] == "kafka-user":
                        yield resource, f"KafkaUser {volume['secret']['secretName']}"
            case "ConfigMap" if user := manifest["data"].get("CORRELATOR_SASL_USERNAME"):
                yield resource, f"KafkaUser {user}"


def name(manifest: Manifest) -> str:
    """A resource's kind and name."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"

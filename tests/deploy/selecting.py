"""Which pods each resource selects, and which resources it names: two deployments must not take hold of each other."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Manifest = Mapping[str, Any]
Labels = Mapping[str, str]


class Selection(NamedTuple):
    """What a resource selects pods by, or spreads them by."""

    resource: str
    """Its kind and name."""
    labels: Labels


def selections(manifests: Iterable[Manifest]) -> Iterator[Selection]:
    """Every selection of pods in the manifests."""
    for manifest in manifests:
        resource, spec = name(manifest), manifest.get("spec", {})
        match manifest["kind"]:
            case "Service":
                yield Selection(resource, spec["selector"])
            case "NetworkPolicy":
                yield Selection(resource, spec["podSelector"]["matchLabels"])
            case "PodDisruptionBudget" | "PodMonitor":
                yield Selection(resource, spec["selector"]["matchLabels"])
            case "StatefulSet":
                yield Selection(resource, spec["selector"]["matchLabels"])
                for constraint in spec["template"]["spec"]["topologySpreadConstraints"]:
                    yield Selection(resource, constraint["labelSelector"]["matchLabels"])


def selected(selection: Selection, manifests: Iterable[Manifest]) -> list[str]:
    """The StatefulSets whose pods a selection is of."""
    return [
        name(manifest)
        for manifest in manifests
        if manifest["kind"] == "StatefulSet"
        and selection.labels.items() <= manifest["spec"]["template"]["metadata"]["labels"].items()
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
            case "StatefulSet":
                for volume in spec["template"]["spec"].get("volumes", []):
                    if volume["name"] == "kafka-user":
                        yield resource, f"KafkaUser {volume['secret']['secretName']}"
            case "ConfigMap" if user := manifest["data"].get("CORRELATOR_SASL_USERNAME"):
                yield resource, f"KafkaUser {user}"


def name(manifest: Manifest) -> str:
    """A resource's kind and name."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"

"""Volumes for the workers' claims: a node without a provisioner wants them made by hand."""

import uuid
from typing import Final

from chaos.kubernetes.cluster import Cluster
from local.kubernetes.places import NODE

OURS: Final = {"app.kubernetes.io/part-of": "chaos"}


async def make(cluster: Cluster) -> None:
    """One for each worker, in a directory of its own."""
    names = [f"data-{uuid.uuid4().hex[:6]}" for _ in range(cluster.wanted.workers)]
    for name in names:
        (cluster.node.directory / "volumes" / name).mkdir(parents=True)
    await cluster.make(*(_volume(name, f"{cluster.node.directory / 'volumes' / name}") for name in names))


async def remove(cluster: Cluster) -> None:
    """All of them: what they held is in the changelog, too."""
    selector = ",".join(f"{name}={value}" for name, value in OURS.items())
    await cluster.do("delete", "persistentvolumes", "--selector", selector)


def _volume(name: str, path: str) -> dict[str, object]:
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": OURS},
        "spec": {
            "capacity": {"storage": "5Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": path},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }

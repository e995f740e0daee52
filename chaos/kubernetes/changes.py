"""What operators change of a deployment that runs. Each returns what it did, when Kubernetes has done it."""

from random import Random
from typing import Final

from chaos.kubernetes import network, volumes
from chaos.kubernetes.cluster import Cluster

BEFORE: Final = "before"
NOW: Final = "now"
"""The tags of the two releases."""
CUT: Final = 20.0
"""Seconds without a broker."""


async def roll(cluster: Cluster, _: Random) -> str:
    """Every pod is replaced, one after the other."""
    await cluster.do("rollout", "restart", "statefulset/correlator")
    await cluster.rolled()
    return f"{cluster.wanted.workers} workers"


async def one_more(cluster: Cluster, _: Random) -> str:
    """Partitions move to a worker that comes."""
    return await _scale(cluster, cluster.wanted.workers + 1)


async def one_less(cluster: Cluster, _: Random) -> str:
    """The last worker goes, and its session with it, later: static members do not say good-bye."""
    return await _scale(cluster, cluster.wanted.workers - 1)


async def without_broker(cluster: Cluster, _: Random) -> str:
    """A network policy lets nothing out of the workers' pods, and a while later does again."""
    await cluster.do("patch", "networkpolicy", "correlator", "--type=merge", "--patch", '{"spec": {"egress": []}}')
    await network.cut([pod.address for pod in await cluster.pods() if pod.address], CUT)
    await cluster.apply()
    return f"{CUT:.0f} s"


async def to_disk(cluster: Cluster, _: Random) -> str:
    """``deploy/rocksdb`` is added to what runs, as ``docs/operating.md`` tells."""
    await volumes.make(cluster)
    await cluster.do("delete", "statefulset", "correlator", "--cascade=orphan")
    await cluster.apply(cluster.wanted._replace(on_disk=True))
    for number in range(cluster.wanted.workers):
        name = f"correlator-{number}"
        await cluster.do("delete", "pod", name)
        await cluster.one_is_ready(name)
    await cluster.rolled()
    return f"{cluster.wanted.workers} workers"


async def to_memory(cluster: Cluster, _: Random) -> str:
    """And is taken away again."""
    await cluster.do("delete", "statefulset", "correlator", "--cascade=orphan")
    await cluster.apply(cluster.wanted._replace(on_disk=False))
    await cluster.rolled()
    await cluster.do("delete", "persistentvolumeclaims", "--selector", "app.kubernetes.io/instance=correlator")
    await volumes.remove(cluster)
    return f"{cluster.wanted.workers} workers"


async def downgrade(cluster: Cluster, _: Random) -> str:
    """The release before is rolled in."""
    return await _release(cluster, BEFORE)


async def upgrade(cluster: Cluster, _: Random) -> str:
    """This one is rolled in."""
    return await _release(cluster, NOW)


async def _scale(cluster: Cluster, workers: int) -> str:
    before = cluster.wanted.workers
    await cluster.apply(cluster.wanted._replace(workers=workers))
    return f"{before} → {workers}"


async def _release(cluster: Cluster, release: str) -> str:
    await cluster.apply(cluster.wanted._replace(release=release))
    await cluster.rolled()
    return release

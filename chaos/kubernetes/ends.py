"""How workers' processes and pods end. Each returns whom it hit, when Kubernetes has nothing more to do about it."""

import asyncio
import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

import orjson

from chaos.kubernetes import memory
from chaos.kubernetes.cluster import NAMESPACE, Cluster
from chaos.kubernetes.pods import Pod, restarts
from chaos.trial import Failure


async def kill(cluster: Cluster, rng: Random) -> str:
    """The process ends without notice; the kubelet starts another in the same pod."""
    pods = await cluster.pods()
    pod = rng.choice(pods)
    os.kill(cluster.node.pid(pod.container), signal.SIGKILL)
    await _started_again(cluster, pods)
    return pod.name


async def out_of_memory(cluster: Cluster, rng: Random) -> str:
    """The kernel ends the process at its container's memory limit."""
    pods = await cluster.pods()
    pod = rng.choice(pods)
    cgroups = Path(f"/proc/{cluster.node.pid(pod.container)}/cgroup")
    squeezing = asyncio.create_task(memory.squeeze(*memory.account(await asyncio.to_thread(cgroups.read_text))))
    try:
        await _started_again(cluster, pods)
    finally:
        squeezing.cancel()
    why = next(one.last_end for one in await cluster.pods() if one.name == pod.name)
    if why != "OOMKilled":
        raise Failure(f"{pod.name} ended by {why} instead of its memory limit")
    return pod.name


async def delete(cluster: Cluster, rng: Random) -> str:
    """The way of whoever wants another pod."""
    return await _delete(cluster, rng)


async def delete_by_force(cluster: Cluster, rng: Random) -> str:
    """Without waiting for its end: for a while there may be two of a name."""
    return await _delete(cluster, rng, "--grace-period=0", "--force")


async def drain(cluster: Cluster, _: Random) -> str:
    """Each pod is evicted, as `kubectl drain` does; the budget lets one go at a time."""
    pods = await cluster.pods()
    for pod in pods:
        # The budget hears of the readiness of the one before a moment later.
        await cluster.until(partial(_evict, cluster, pod), f"{pod.name} cannot be evicted")
        for other in pods:
            if other is not pod and await _evict(cluster, other):
                raise Failure(f"{other.name} was evicted while {pod.name} was not ready")
        await _is_gone(cluster, pod)
        await cluster.ready()
    return f"{len(pods)} evicted, one at a time"


async def _delete(cluster: Cluster, rng: Random, *options: str) -> str:
    pod = rng.choice(await cluster.pods())
    await cluster.do("delete", "pod", pod.name, *options)
    await _is_gone(cluster, pod)
    return pod.name


async def _evict(cluster: Cluster, pod: Pod) -> bool:
    """Whether the budget lets it go."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod.name, "namespace": NAMESPACE}}
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod.name}/eviction"
    try:
        await cluster.do("create", "--raw", path, "-f", "-", given=orjson.dumps(eviction).decode())
    except Failure as failure:
        if "disruption budget" not in f"{failure}":
            raise
        return False
    return True


async def _is_gone(cluster: Cluster, pod: Pod) -> None:
    await cluster.until_pods(lambda now: pod.uid not in {one.uid for one in now}, f"{pod.name} is not gone")


async def _started_again(cluster: Cluster, before: Sequence[Pod]) -> None:
    await cluster.until_pods(lambda now: restarts(before, now) > 0, "no container was started again")

"""The acts of a session on Kubernetes."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from sessions.kubernetes.plots import Plot
from sessions.kubernetes.stage import Stage

Act: TypeAlias = Callable[[Stage], Awaitable[None]]

_BY_FORCE: Final = ("--force", "--grace-period=0")
_FILLED: Final = {"storage_limit": "32Mi"}
_TOO_LARGE: Final = {"cpu_request": "4096"}


async def by_themselves(stage: Stage) -> None:
    """Runs complete, raise, and exit without notice; the Job of one is garbage-collected at once."""
    runs = [
        await stage.run(Plot.COMPLETES, "completes", seconds=15),
        await stage.run(Plot.RAISES, "raises"),
        await stage.run(Plot.EXITS, "exits", code=3),
        await stage.run(Plot.COLLECTED, "completes", {"finished_job_ttl": 5}, seconds=2),
    ]
    await stage.finished(*runs)


async def out_of_memory(stage: Stage) -> None:
    """A flow is killed for memory; another run's pod is, before its flow has begun."""
    flow = await stage.run(Plot.OOM, "allocates", {"memory_limit": "640Mi"})
    start = await stage.run(Plot.OOM_AT_START, "completes", {"memory_limit": "48Mi"}, seconds=15)
    await stage.finished(flow, start)


async def worker_killed(stage: Stage) -> None:
    """The worker is killed: one run outlives it, two end while no worker lives, and one loses its Job meanwhile."""
    ends = await stage.run(Plot.OUTLIVES, "completes", seconds=25)
    leaves = await stage.run(Plot.EXITS_ALONE, "exits", code=3, seconds=25)
    outlives = await stage.run(Plot.OUTLIVES, "completes", seconds=75)
    gone = await stage.run(Plot.VANISHES, "sleeps", {"backoff_limit": 2}, seconds=100)
    await stage.running(ends, leaves, outlives, gone, then=1)
    await stage.stop_worker(signal.SIGKILL)
    await stage.finished(ends, leaves)
    await stage.cluster.delete_jobs(gone)
    await asyncio.sleep(5)
    await stage.start_worker()
    await stage.finished(outlives)


async def worker_stopped(stage: Stage) -> None:
    """The worker is stopped gracefully: one run ends while no worker lives, one outlives the stop."""
    ends = await stage.run(Plot.OUTLIVES, "completes", seconds=15)
    outlives = await stage.run(Plot.OUTLIVES, "completes", seconds=60)
    await stage.running(ends, outlives, then=1)
    await stage.stop_worker(signal.SIGTERM)
    await stage.finished(ends)
    await stage.start_worker()
    await stage.finished(outlives)


async def pods_deleted(stage: Stage) -> None:
    """Pods are deleted, gracefully and by force; and a whole Job is."""
    for plot, limit, *options in (
        (Plot.DELETED, 0),
        (Plot.REPLACED, 2),
        (Plot.FORCED, 0, *_BY_FORCE),
        (Plot.FORCED_REPLACED, 2, *_BY_FORCE),
    ):
        run = await stage.run(plot, "sleeps", {"backoff_limit": limit}, seconds=20)
        await stage.running(run)
        await stage.cluster.do("delete", await stage.pod(run), "--wait=false", *map(str, options))
        await asyncio.sleep(3)
        await stage.finished(run)
    run = await stage.run(Plot.JOB_DELETED, "sleeps", {"backoff_limit": 2}, seconds=60)
    await stage.running(run)
    await stage.cluster.delete_jobs(run, "--wait=false")
    await stage.finished(run)


async def drained(stage: Stage) -> None:
    """A node with runs is drained and comes back. Every pod on the node is evicted, not only ours!"""
    reschedules = await stage.run(Plot.DRAINED, "sleeps", {"backoff_limit": 0}, seconds=20)
    replaces = await stage.run(Plot.DRAINED_REPLACED, "sleeps", {"backoff_limit": 2}, seconds=20)
    await stage.running(reschedules, replaces)
    node = await stage.cluster.node(replaces)
    try:
        options = ("--force", "--delete-emptydir-data", "--ignore-daemonsets", "--timeout=60s")
        await stage.cluster.do("drain", node, *options)
        await asyncio.sleep(12)
    finally:
        await stage.cluster.do("uncordon", node)
    await stage.finished(reschedules, replaces)


async def evicted(stage: Stage) -> None:
    """The kubelet evicts pods that fill their disk. Prefect reschedules the run each time, and would do so for ever."""
    run = await stage.run(Plot.EVICTED, "writes", _FILLED, mebibytes=96)
    await stage.over(run, 75)
    await stage.cancel(run)
    await stage.finished(run)


async def evicted_for_good(stage: Stage) -> None:
    """The same with a Job that gives up at its second pod: while a worker lives, and while none does."""
    lives = await stage.run(Plot.EVICTED_FOR_GOOD, "writes", _FILLED | {"backoff_limit": 1}, mebibytes=96)
    await stage.finished(lives)
    alone = await stage.run(Plot.EVICTED_ALONE, "writes", _FILLED | {"backoff_limit": 1}, mebibytes=96)
    await stage.running(alone, then=1)
    await stage.stop_worker(signal.SIGKILL)
    (job,) = await stage.cluster.names("jobs", alone)
    await stage.cluster.do("wait", "--for=condition=Failed", job, "--timeout=150s")
    await asyncio.sleep(5)
    await stage.start_worker()
    await stage.finished(alone)


async def cancelled(stage: Stage) -> None:
    """Two runs are cancelled: one has run for a while, one has just begun."""
    runs = [await stage.run(Plot.CANCELLED, "sleeps", seconds=100) for _ in range(2)]
    for run, then in zip(runs, (5, 0), strict=True):
        await stage.running(run, then=then)
        await stage.cancel(run)
    await stage.finished(*runs)


async def unschedulable(stage: Stage) -> None:
    """Runs are cancelled whose pods cannot be scheduled, which takes Prefect's server 5 minutes."""
    run = await stage.run(Plot.UNSCHEDULABLE, "sleeps", _TOO_LARGE, seconds=100)
    await stage.pod(run)
    await stage.cancel(run)
    await asyncio.sleep(10)
    await stage.cluster.delete_jobs(run)
    await stage.finished(run, within=330)


async def never_started(stage: Stage) -> None:
    """The image of a run does not exist; then its Job is deleted."""
    run = await stage.run(Plot.NO_IMAGE, "completes", {"image": "localhost/not-there:1"}, seconds=15)
    await stage.pod(run)
    await asyncio.sleep(15)
    await stage.cluster.delete_jobs(run)
    await stage.finished(run)


ACTS: Final[dict[str, Act]] = {
    act.__name__.replace("_", "-"): act
    for act in (
        by_themselves,
        out_of_memory,
        worker_killed,
        worker_stopped,
        pods_deleted,
        evicted,
        evicted_for_good,
        cancelled,
        unschedulable,
        never_started,
        drained,
    )
}
"""All acts, by name."""
UNASKED: Final = tuple(name for name in ACTS if name != "drained")
"""The acts that leave other users of the cluster alone."""

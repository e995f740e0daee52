"""The namespace that the deployment is in: what is done there by kubectl, and what its API says."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import yaml

from chaos.kubernetes import overlay
from chaos.kubernetes.overlay import Wanted
from chaos.kubernetes.pods import Pod, are_ready, read
from chaos.stage import Stage
from chaos.trial import Failure
from local.kubernetes import Node
from local.kubernetes.kubectl import Refused, kubectl

NAMESPACE: Final = "correlator"
RESTRICTED: Final = "pod-security.kubernetes.io/enforce"
WORKERS: Final = "app.kubernetes.io/name=correlator"
PATIENCE: Final = 300.0
"""Seconds that pods may take to be as they should."""
LOOK: Final = 0.3


class Cluster:
    """One deployment on a node."""

    def __init__(self, node: Node, stage: Stage, wanted: Wanted) -> None:
        self.node, self._stage = node, stage
        self.wanted = wanted
        self._overlay = node.directory / "overlay"
        self._environment: Mapping[str, str] = node.environment | {"NO_PROXY": "127.0.0.1"}

    async def open(self) -> None:
        """Make the namespace, under Pod Security's ``restricted``."""
        self._overlay.mkdir()
        await self.do("create", "namespace", NAMESPACE)
        await self.do("label", "namespace", NAMESPACE, f"{RESTRICTED}=restricted")

    async def apply(self, wanted: Wanted | None = None) -> None:
        """Say what is wanted; something else, where that is given."""
        self.wanted = wanted or self.wanted
        overlay.write(self._overlay, NAMESPACE, self._stage, self.wanted)
        await self.do("apply", "-k", f"{self._overlay}")

    async def make(self, *things: Mapping[str, object]) -> None:
        """Apply these."""
        await self.do("apply", "-f", "-", given=yaml.safe_dump_all(things))

    async def do(self, *arguments: str, given: str = "") -> str:
        """Run kubectl, and return what it printed. Raises `Failure`."""
        try:
            return await kubectl(self.node.kubectl, NAMESPACE, *arguments, given=given, environment=self._environment)
        except Refused as refused:
            raise Failure(f"{refused}") from None

    async def pods(self) -> list[Pod]:
        """The workers', by name."""
        return read(await self.do("get", "pods", "--selector", WORKERS, "--output", "json"))

    async def rolled(self) -> None:
        """Return when a roll is over. Raises `Failure`."""
        await self.do("rollout", "status", "statefulset/correlator", f"--timeout={PATIENCE:.0f}s")

    async def ready(self) -> None:
        """Return when all workers that are wanted are ready. Raises `Failure`."""
        await self.until_pods(lambda pods: are_ready(pods, self.wanted.workers), "pods are not ready")

    async def one_is_ready(self, name: str) -> None:
        """Return when the pod of that name is. Raises `Failure`."""
        await self.until_pods(lambda pods: any(pod.name == name and pod.ready for pod in pods), f"{name} is not ready")

    async def until_pods(self, hold: Callable[[Sequence[Pod]], bool], else_: str) -> None:
        """Return when something holds of the pods. Raises `Failure`, which begins with what holds else."""

        async def holds() -> bool:
            return hold(await self.pods())

        await self.until(holds, else_)

    async def until(self, holds: Callable[[], Awaitable[bool]], else_: str) -> None:
        """Return when something holds. Raises `Failure`, which begins with what holds else."""
        until = time.monotonic() + PATIENCE
        while not await holds():
            if time.monotonic() > until:
                raise Failure(f"{else_} after {PATIENCE:.0f} s: {', '.join(map(_told, await self.pods()))}")
            await asyncio.sleep(LOOK)

    async def keep_logs(self, directory: Path) -> None:
        """Write what each worker said last into a directory."""
        for pod in await self.pods():
            said = await self.do("logs", pod.name)
            (directory / f"{pod.name}.log").write_text(said)
        (directory / "events").write_text(await self.do("get", "events", "--sort-by=.lastTimestamp"))


def _told(pod: Pod) -> str:
    return f"{pod.name} {'is going' if pod.ends else 'is ready' if pod.ready else 'is not ready'}"

"""A session on Kubernetes from start to finish, and the files that it leaves."""

import asyncio
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from sessions.kept import keep
from sessions.kubernetes.acts import ACTS
from sessions.kubernetes.cluster import Cluster
from sessions.kubernetes.comparing import Done
from sessions.kubernetes.judging import heard
from sessions.kubernetes.listening import Listener
from sessions.kubernetes.stage import Stage
from sessions.session import at_home


class Session:
    """A session, ready to be driven."""

    def __init__(self, python: Path, prefect: str, worker: str, kubectl: str, say: Callable[[str], None]) -> None:
        self._python, self._prefect, self._worker, self._say = python, prefect, worker, say
        self._cluster = Cluster(kubectl)

    def drive(self, file: Path, acts: Collection[str], image: str, address: str | None) -> None:
        """Play the acts, and keep the session in ``file`` and the files beside it. Raises `NotDriven`."""
        with at_home(file) as home:
            (home / "flows").mkdir()
            events, said, done = asyncio.run(self._driven(home, acts, image, address))
            keep(file, events, done)
            heard(file).write_bytes(b"".join(line + b"\n" for line in said))

    async def _driven(
        self, home: Path, acts: Collection[str], image: str, address: str | None
    ) -> tuple[list[dict[str, Any]], list[bytes], Done]:
        began, cluster = time.monotonic(), self._cluster
        kubernetes = await cluster.version()
        stage = Stage(self._python, home, address or await cluster.reachable(), image, cluster)
        await cluster.open()
        try:
            async with stage.api:
                events, said = await self._played(stage, acts)
                states = {run: await stage.api.states(run) for run in stage.runs}
        finally:
            await asyncio.to_thread(stage.processes.close)
            await cluster.close()
        seconds = round(time.monotonic() - began, 1)
        pods = cluster.watch.pods()
        return events, said, Done(self._prefect, self._worker, kubernetes, seconds, stage.runs, states, pods)

    async def _played(self, stage: Stage, acts: Collection[str]) -> tuple[list[dict[str, Any]], list[bytes]]:
        await stage.start()
        self._say(f"a server of Prefect {self._prefect} is up at {stage.url}")
        listener = Listener(stage.url)
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(listener.listen()), group.create_task(stage.cluster.record())]
            await listener.is_there.wait()
            await stage.furnish()
            await stage.start_worker()
            for name in acts:
                self._say(f"{name}: {ACTS[name].__doc__}")
                await ACTS[name](stage)
            await stage.quiet(60, 6)
            events = await stage.api.events()
            for task in watching:
                task.cancel()
        return events, listener.heard

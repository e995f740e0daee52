"""A Kubernetes cluster, by way of kubectl."""

import asyncio
import os
import socket
import subprocess
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson

from local.kubernetes.kubectl import Refused, kubectl
from sessions.kubernetes.pods import RUN, Watch
from sessions.server import Stuck

_BY_AGE: Final = "--sort-by=.metadata.creationTimestamp"


class Cluster:
    """A namespace of our own, which is deleted with everything in it."""

    def __init__(self, program: str) -> None:
        self.namespace: Final = f"prefect-session-{uuid.uuid4().hex[:6]}"
        self._program = program
        self.watch = Watch()

    async def open(self) -> None:
        """Create the namespace."""
        await self.do("create", "namespace", self.namespace)

    async def close(self) -> None:
        """Delete the namespace."""
        await self.do("delete", "namespace", self.namespace, "--wait=false")

    async def do(self, *arguments: str) -> str:
        """Run kubectl, and return what it printed. Raises `Stuck`."""
        try:
            return await kubectl(self._program, self.namespace, *arguments)
        except Refused as refused:
            raise Stuck(f"{refused}") from None

    async def version(self) -> str:
        """The version of the API server."""
        return str(orjson.loads(await self.do("version", "-o", "json"))["serverVersion"]["gitVersion"])

    async def reachable(self) -> str:
        """The address from which this machine reaches a node: pods can reach it there, too, unless something forbids
        it.
        """
        path = 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'
        node = (await self.do("get", "nodes", "-o", path)).split()[0]
        with socket.socket(socket.AF_INET6 if ":" in node else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((node, 9))
            return str(probe.getsockname()[0])

    async def names(self, kind: str, run: str) -> list[str]:
        """The names of a flow run's ``pods`` or ``jobs``, the newest last."""
        return (await self.do("get", kind, "-l", f"{RUN}={run}", _BY_AGE, "-o", "name")).split()

    async def delete_jobs(self, run: str, *options: str) -> None:
        """Delete the Jobs of a flow run."""
        await self.do("delete", *await self.names("jobs", run), *options)

    async def ended(self, run: str) -> bool:
        """Whether all remaining pods of a flow run have ended."""
        phases = await self.do("get", "pods", "-l", f"{RUN}={run}", "-o", "jsonpath={.items[*].status.phase}")
        return {"Pending", "Running"}.isdisjoint(phases.split())

    async def node(self, run: str) -> str:
        """The node of a flow run's newest pod."""
        path = "jsonpath={.items[-1:].spec.nodeName}"
        return (await self.do("get", "pods", "-l", f"{RUN}={run}", _BY_AGE, "-o", path)).strip()

    async def record(self) -> None:
        """Watch the pods until cancelled."""
        what = ("get", "pods", "--watch", "--output-watch-events", "-o", "json")
        command = (self._program, "--namespace", self.namespace, *what)
        while True:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert process.stdout
            try:
                self.watch.again()
                while block := await process.stdout.read(1 << 16):
                    self.watch.read(block.decode(errors="replace"))
            finally:
                with suppress(ProcessLookupError):
                    process.terminate()
            await asyncio.sleep(0.2)


def environment(address: str) -> Mapping[str, str]:
    """The environment of a worker that reaches the cluster from any directory, and the server without a proxy."""
    files = os.environ.get("KUBECONFIG", "").split(os.pathsep)
    given = {"NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), address)))}
    if any(files):
        given["KUBECONFIG"] = os.pathsep.join(str(Path(file).absolute()) for file in files if file)
    return given

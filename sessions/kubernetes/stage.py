"""The stage for the acts: a server, a worker, a cluster, and actions on runs."""

import asyncio
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from sessions.deeds import ENDS
from sessions.kubernetes.cluster import Cluster, environment
from sessions.kubernetes.plots import Plot
from sessions.processes import ended
from sessions.server import Server, comes

FUNCTIONS: Final = ("completes", "raises", "exits", "sleeps", "allocates", "writes")
"""The functions in ``flows/flows.py`` that are used."""
FLOWS: Final = "/flows"
"""The directory of the flows in the image."""
POOL: Final = "Kube Pool"
WORKER: Final = "Kube Worker: Nörd_1"
"""The names contain characters that a Kubernetes label cannot hold."""

_RESOURCES: Final = {
    "limits": {"memory": "{{ memory_limit }}", "ephemeral-storage": "{{ storage_limit }}"},
    "requests": {"cpu": "{{ cpu_request }}"},
}
_VARIABLES: Final = ("memory_limit", "storage_limit", "cpu_request")
"""The limits and requests of a container, which the default template of older releases does not set."""
_STOPPING: Final = 60.0
_SAYING: Final = 4.0
"""Seconds within which an ended run is reported."""


class Stage(Server):
    """A server with a cluster. Each act leaves it as it found it: with one running worker."""

    def __init__(self, python: Path, home: Path, address: str, image: str, cluster: Cluster) -> None:
        observed = {"PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES": cluster.namespace}
        super().__init__(python, home, {**environment(address), **observed}, address)
        self._python, self._image, self.cluster = python, image, cluster
        self._deployments: dict[str, str] = {}
        self._workers: list[subprocess.Popen[bytes]] = []
        self.runs: dict[str, Plot] = {}

    async def furnish(self) -> None:
        """Create a Kubernetes work pool whose template limits memory and storage, and a deployment of each flow."""
        template = await asyncio.to_thread(self._template)
        pod = template["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
        pod["containers"][0]["resources"] = _RESOURCES
        optional = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
        template["variables"]["properties"].update(dict.fromkeys(_VARIABLES, optional))
        await self.api.pool(POOL, "kubernetes", base_job_template=template)
        variables = {"image": self._image, "image_pull_policy": "IfNotPresent", "namespace": self.cluster.namespace}
        for name in FUNCTIONS:
            self._deployments[name] = await self.api.deploy(name, POOL, name, FLOWS, job_variables=variables)

    async def start_worker(self) -> None:
        """Start the worker, and its observer with it."""
        self._workers.append(await self.at_work(f"worker-{len(self._workers)}", WORKER, POOL, "kubernetes"))

    async def stop_worker(self, by: signal.Signals) -> None:
        """Stop the worker with a signal."""
        await asyncio.to_thread(ended, self._workers[-1], by, _STOPPING)

    async def run(self, plot: Plot, flow: str, variables: dict[str, Any] | None = None, **parameters: Any) -> str:
        """Create a run of a flow, and return its id. ``variables``: those of its Job."""
        run = await self.api.run(self._deployments[flow], parameters, job_variables=variables or {})
        self.runs[run] = plot
        return run

    async def running(self, *runs: str, then: float = 4) -> None:
        """Wait until all the runs are running, and then ``then`` seconds more."""
        for run in runs:
            await self.state(run, {"RUNNING", *ENDS})
        await asyncio.sleep(then)

    async def finished(self, *runs: str, within: float = 180) -> None:
        """Wait until all the runs have ended and, for some time, until their pods have, too."""
        for run in runs:
            await self.over(run, within)
            await comes(partial(self.cluster.ended, run), 45)
        await asyncio.sleep(_SAYING)

    async def cancel(self, run: str) -> None:
        """Cancel a run as a user would."""
        await self.api.set_state(run, "CANCELLING", "Cancelling")

    async def pod(self, run: str) -> str:
        """The name of a run's newest pod, once it has one."""

        async def there() -> bool:
            return bool(await self.cluster.names("pods", run))

        await self.until(f"a pod of flow run {run}", there)
        return (await self.cluster.names("pods", run))[-1]

    def _template(self) -> dict[str, Any]:
        """The release's own job template for the pool."""
        file, options = self.home / "template.log", ("get-default-base-job-template", "--type", "kubernetes")
        self.processes.prefect(file.stem, "work-pool", *options).wait()
        said = file.read_text()
        template: dict[str, Any] = orjson.loads(said[said.index("{") :])
        return template

"""The node: its parts started in order, and all of them ended together."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from local.errors import BrokerFailed
from local.keeping import Keeper
from local.kubernetes import configuration, images, machine, needs
from local.kubernetes.building import VERSION, programs
from local.kubernetes.errors import NoKubernetes
from local.kubernetes.parts import PARTS, Part
from local.kubernetes.places import CONTAINERD, STATE, Places
from tools.engines import NotBuilt

PATIENCE: Final = 180.0
"""Seconds that a part may take to come up: on a busy machine the 2 s become many."""


class Node:
    """A Kubernetes of one node. Ready, with NetworkPolicy enforced; its one user is an administrator."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.description: Final = f"Kubernetes {VERSION}"
        self.kubectl: Final = str(places.binaries / "kubectl")
        self.environment: Final = os.environ | {"KUBECONFIG": f"{places.kubeconfig}"}
        """What kubectl is to be run in."""
        self.directory: Final = STATE
        """It goes with the node."""

    def take(self, archive: Path) -> None:
        """Make the images of a file known to it. Raises `NoKubernetes`."""
        self.ctr("images", "import", f"{archive}")

    def pid(self, container: str) -> int:
        """The process of a container, by its id. Raises `NoKubernetes` where none runs."""
        for line in self.ctr("tasks", "list").splitlines():
            id_, pid, *_ = line.split()
            if id_ == container:
                return int(pid)
        raise NoKubernetes(f"The container {container} does not run.")

    def ctr(self, *arguments: str) -> str:
        """Ask containerd. Raises `NoKubernetes`."""
        return _said("ctr", "--address", f"{CONTAINERD}", "--namespace", "k8s.io", *arguments)

    def wait(self, patience: float) -> None:
        """Return when pods may come. Raises `NoKubernetes` where they may not within so many seconds."""
        until = time.monotonic() + patience
        while self._get("nodes", 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}') != "True":
            if time.monotonic() > until:
                raise NoKubernetes(f"The node was not ready within {patience:.0f} s.")
            time.sleep(0.2)

    def _get(self, what: str, output: str) -> str:
        command = (self.kubectl, "get", what, "--output", output)
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False).stdout


@contextmanager
def local_kubernetes() -> Iterator[Node]:
    """Have a node for the length of a ``with``; nothing of it is left afterwards, however this process ends.

    Raises:
        NoKubernetes: it cannot be had here, or did not come up; the message is one sentence.
    """
    needs.meet()
    places = Places(programs())
    node = Node(places)
    with ExitStack() as stack:
        stack.callback(Keeper([machine.undoing()]).close)  # the first to come is the last to go
        try:
            machine.prepare()
            configuration.write(places)
            _said("openssl", "genrsa", "-out", f"{places.signing_key}", "2048")
            pause = places.root / "pause.tar"
            images.pause(places.binaries, pause)
            for part in PARTS:
                keeper = Keeper()
                stack.callback(keeper.close)
                keeper.run("env", f"KUBECONFIG={places.kubeconfig}", *map(str, part.command(places)))
                _wait(part, keeper)
            node.take(pause)
            machine.ask_about_policies()
            node.wait(PATIENCE)
        except (BrokerFailed, NotBuilt) as error:
            raise NoKubernetes(f"{error}") from None
        yield node


def _wait(part: Part, keeper: Keeper) -> None:
    until = time.monotonic() + PATIENCE
    while not part.answers():
        if keeper.exit_code() is not None:
            raise NoKubernetes(f"{part.name} ended before it was ready: {keeper.last_words}")
        if time.monotonic() > until:
            raise NoKubernetes(f"{part.name} was not ready within {PATIENCE:.0f} s: {keeper.last_words}")
        time.sleep(0.2)


def _said(*command: str) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoKubernetes(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    return done.stdout

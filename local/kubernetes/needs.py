"""Whether a node can be had on this machine; Debian's packages are installed where they are missing."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from local.kubernetes.errors import NoKubernetes
from local.kubernetes.places import BRIDGE, PORTS, RUN
from local.kubernetes.undoing import CGROUPS, OURS

ROOT: Final = Path("/")
PACKAGES: Final = {
    "containerd": "containerd",
    "runc": "runc",
    "etcd": "etcd-server",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "openssl": "openssl",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
}
"""By the program that is looked for. Images are built as `tools.image` says."""
TRACES: Final = (
    *(f"sys/fs/cgroup/{where}{name}" for name in (*OURS, "kubepods.slice") for where in ("", "*/")),
    *("run/netns/cni-*", f"sys/class/net/{BRIDGE}"),
)
"""Of a Kubernetes that runs: what is ours at the end is removed, so nobody else's may be there at the beginning."""
PLUGINS: Final = Path("/usr/lib/cni")
"""Of ``containernetworking-plugins``."""


def meet() -> None:
    """Install what is missing. Raises `NoKubernetes` where no node can be had here."""
    check()
    install()


def check(root: Path = ROOT) -> None:
    """Raise `NoKubernetes` where no node can be had here; ``root`` is that of the file system."""
    for refusal in _refusals(root):
        raise NoKubernetes(f"No Kubernetes can be had on this machine: {refusal}.")


def install() -> None:
    """Install what is missing of Debian's packages. Raises `NoKubernetes`."""
    wanted = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if not (PLUGINS / "bridge").exists():
        wanted.append("containernetworking-plugins")
    if not wanted:
        return
    print(f"installing Debian's packages {', '.join(wanted)} …", file=sys.stderr)
    apt = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    for command in ((*apt, "update"), (*apt, "install", "--yes", "--no-install-recommends", *wanted)):
        done = subprocess.run(
            command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NoKubernetes(f"`{' '.join(command)}` failed: {(done.stderr.splitlines() or ['without a word'])[-1]}")


def _refusals(root: Path) -> Iterator[str]:
    if sys.platform != "linux":
        yield "it needs Linux"
        return
    if os.geteuid():
        yield "it needs root, for containers and their network"
    if not shutil.which("apt-get"):
        yield "it needs apt-get, as etcd, containerd and runc are Debian's"
    if not shutil.which("go"):
        yield "it needs Go, which Kubernetes is built with"
    if not os.access(CGROUPS, os.W_OK) or os.statvfs(CGROUPS).f_flag & os.ST_RDONLY:
        yield "it needs cgroups that it may write to"
    for trace in TRACES:
        if found := next(root.glob(trace), None):
            yield f"there is {found} already, of another Kubernetes: end that first"
    if RUN.exists():
        yield f"another one runs, or did not end well: end it, or remove {RUN}"
    for host, port in PORTS:
        if not is_free(host, port):
            yield f"port {port} is taken: end what listens there"


def is_free(host: str, port: int) -> bool:
    """Whether somebody could listen there."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return True
    return False

"""Removes what is left of a node when its parts are gone, and gives the machine its settings back.

Run as a program of its own, by the node's first keeper (`local.keeping`), so that it runs however the node's owner
ends. Its argument is a JSON object: ``run``, the directory of sockets and mounts; ``data``, that of everything else;
``bridge``, the network; ``settings``, the kernel's, by path; ``rules``, those of iptables' to delete; ``cni``, whether
the plugins' notes are to go.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OURS = ("kubepods", "k8s.io")
"""Cgroups that there were none of before."""
LOGS = Path("/var/log/containers")
"""The kubelet links to all logs here, wherever they are."""
PATIENCE = 30.0


def main() -> None:
    """End, unmount and remove, in this order."""
    told = json.loads(sys.argv[1])
    run, data = told["run"], told["data"]
    _end(f"{run}/containerd.sock")
    for rule in told["rules"]:
        _do("iptables", *rule)
    for mount in _mounts(run, data, "/run/netns/cni-"):
        _do("umount", "--lazy", mount)
    for namespace in Path("/run/netns").glob("cni-*"):
        namespace.unlink(missing_ok=True)
    for cgroup in _cgroups():
        with contextlib.suppress(OSError):
            cgroup.rmdir()
    _do("ip", "link", "delete", told["bridge"])
    for path, value in told["settings"].items():
        with contextlib.suppress(OSError):
            Path(path).write_text(value)
    if told["cni"]:
        shutil.rmtree("/var/lib/cni", ignore_errors=True)
    _remove(data)
    shutil.rmtree(run, ignore_errors=True)  # the last to go: the next node may come


def _end(socket: str) -> None:
    """What is in our containers, and what holds them."""
    until = time.monotonic() + PATIENCE
    while (left := {*_shims(socket), *_contained()}) and time.monotonic() < until:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)


def _remove(data: str) -> None:
    """The directory, although the last that write there may just be ending; and links to what is in it."""
    for log in LOGS.glob("*"):
        if log.is_symlink() and os.readlink(log).startswith(data):  # noqa: PTH115 - its target may be gone
            log.unlink()
    until = time.monotonic() + PATIENCE
    while Path(data).exists() and time.monotonic() < until:
        shutil.rmtree(data, ignore_errors=True)
        time.sleep(0.2)


def _shims(socket: str) -> list[int]:
    """What holds our containers, and outlives containerd."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if words[0].endswith(b"containerd-shim-runc-v2") and socket.encode() in words:
                found.append(int(path.parent.name))
    return found


def _contained() -> list[int]:
    """What runs in our containers."""
    found = []
    for cgroup in _cgroups():
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in (cgroup / "cgroup.procs").read_text().split()]
    return found


def _cgroups() -> list[Path]:
    """Ours, the innermost first."""
    tops = [top for name in OURS for top in (CGROUPS / name, *CGROUPS.glob(f"*/{name}")) if top.is_dir()]
    found = [path for top in tops for path in (top, *top.rglob("*")) if path.is_dir()]
    return sorted(found, key=lambda path: len(path.parts), reverse=True)


def _mounts(*under: str) -> list[str]:
    """The innermost first."""
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((point for point in points if point.startswith(under)), reverse=True)


def _do(*command: str) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


if __name__ == "__main__":
    main()

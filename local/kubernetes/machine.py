"""What of this machine is changed for the node, and how that is undone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from local.kubernetes.errors import NoKubernetes
from local.kubernetes.places import ADDRESS, BRIDGE, PODS, RUN, STATE

SETTINGS: Final = (
    *("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"),
    *("kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "net/ipv4/ip_forward"),
)
"""Of the kernel: what the kubelet sets, and what bridges need."""
QUEUE: Final = ("-m", "conntrack", "--ctstate", "NEW", "-j", "NFQUEUE", "--queue-num", "100")
RULES: Final = (
    ("POSTROUTING", "!", "-s", ADDRESS, "-d", PODS, *QUEUE),  # to a pod, but for the node's probes
    ("INPUT", "-s", PODS, "-d", ADDRESS, *QUEUE),  # from a pod to what listens on the node
)
"""Of iptables' table ``mangle``: what NetworkPolicy is asked about."""
UNDOING: Final = Path(__file__).with_name("undoing.py")


def undoing() -> list[str]:
    """The command that makes the machine as it is now, and removes what is left of a node."""
    paths = [Path("/proc/sys", setting) for setting in SETTINGS]
    told = {
        "run": f"{RUN}",
        "data": f"{STATE}",
        "bridge": BRIDGE,
        "settings": {f"{path}": path.read_text().strip() for path in paths if path.exists()},
        "rules": [("-t", "mangle", "-D", *rule) for rule in RULES],
        "cni": not Path("/var/lib/cni").exists(),
    }
    return [sys.executable, "-I", "-S", str(UNDOING), json.dumps(told)]


def prepare() -> None:
    """Make the directories, and the network that pods will be on. Raises `NoKubernetes`."""
    RUN.mkdir()
    shutil.rmtree(STATE, ignore_errors=True)  # of one whose machine was switched off
    STATE.mkdir(mode=0o700)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    _do("ip", "link", "add", BRIDGE, "type", "bridge")
    _do("ip", "address", "add", f"{ADDRESS}/{PODS.split('/')[1]}", "dev", BRIDGE)
    _do("ip", "link", "set", BRIDGE, "up")


def ask_about_policies() -> None:
    """From now on, no connection to or from a pod is made that nobody lets through. Raises `NoKubernetes`."""
    for rule in RULES:
        _do("iptables", "-t", "mangle", "-A", *rule)


def _do(*command: str) -> None:
    done: subprocess.CompletedProcess[str] = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoKubernetes(f"`{' '.join(command)}` failed: {done.stderr.strip()}")

"""The files by which the node's parts know what to do."""

import csv
import io
import json
from typing import Final

import yaml

from local.kubernetes.needs import PLUGINS
from local.kubernetes.places import ADDRESS, API, BRIDGE, CONTAINERD, FIRST_POD, PODS, RUN, Places

TOKEN: Final = "of-a-node-for-tests"  # noqa: S105 - it listens on the loopback address, and does not last
PAUSE: Final = "localhost/pause:1"
"""The image of what holds a pod's network."""


_UNUSED: Final = ", ".join(f'"io.containerd.snapshotter.v1.{name}"' for name in ("aufs", "btrfs", "devmapper", "zfs"))


def write(places: Places) -> None:
    """Write all of them."""
    places.networks.mkdir()
    tokens = io.StringIO()
    csv.writer(tokens).writerow((TOKEN, "admin", "admin", "system:masters"))
    for path, text in (
        (places.tokens, tokens.getvalue()),
        (places.kubeconfig, yaml.safe_dump(kubeconfig())),
        (places.containerd, containerd(places)),
        (places.networks / "10-bridge.conflist", json.dumps(network())),
        (places.kubelet, yaml.safe_dump(kubelet(places))),
        (places.root / "resolv.conf", f"nameserver {ADDRESS}\n"),
    ):
        path.write_text(text)
        path.chmod(0o600)


def kubeconfig() -> dict[str, object]:
    """How an administrator reaches it."""
    server = {"server": f"https://127.0.0.1:{API}", "insecure-skip-tls-verify": True}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "node",
        "clusters": [{"name": "node", "cluster": server}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "contexts": [{"name": "node", "context": {"cluster": "node", "user": "admin"}}],
    }


def containerd(places: Places) -> str:
    """Containers on an overlay file system, without systemd."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""\
version = 2
root = "{places.data("containerd")}"
state = "{RUN}/containerd"
disabled_plugins = [{_UNUSED}]
[grpc]
  address = "{CONTAINERD}"
[{cri}]
  sandbox_image = "{PAUSE}"
  # Where there is no CAP_SYS_RESOURCE, runc could not lower it.
  restrict_oom_score_adj = true
  [{cri}.containerd]
    snapshotter = "overlayfs"
    [{cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [{cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
  [{cri}.cni]
    bin_dir = "{PLUGINS}"
    conf_dir = "{places.networks}"
"""


def network() -> dict[str, object]:
    """Pods on one bridge, whose address is the node's."""
    addresses = {
        "type": "host-local",
        "dataDir": f"{RUN}/addresses",
        "ranges": [[{"subnet": PODS, "rangeStart": FIRST_POD}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": False, "hairpinMode": True}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [{**bridge, "ipam": addresses}]}


def kubelet(places: Places) -> dict[str, object]:
    """Without systemd, a swap that is off, or a firewall of its own."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "address": ADDRESS,
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
        "resolvConf": f"{places.root / 'resolv.conf'}",
        "podLogsDir": f"{places.data('logs')}",
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "2Gi", "imagefs.available": "2Gi"},
        "makeIPTablesUtilChains": False,
    }

"""Where everything of the node is: addresses, ports and directories."""

from pathlib import Path
from typing import Final, NamedTuple

NODE: Final = "node1"
BRIDGE: Final = "cni0"
ADDRESS: Final = "10.244.0.1"
"""The bridge's: the node's own, and where pods reach what listens on this machine."""
PODS: Final = "10.244.0.0/24"
FIRST_POD: Final = "10.244.0.10"
SERVICES: Final = "10.96.0.0/16"

ETCD, ETCD_PEER, API, KUBELET = 12379, 12380, 6443, 10250
PORTS: Final = (
    *(("127.0.0.1", port) for port in (ETCD, ETCD_PEER, API, 10248, 10257, 10259, 19080)),
    *(("0.0.0.0", port) for port in (KUBELET, 10255)),  # noqa: S104 - looked at, not served
)
"""What must be free: ours, and those that the kubelet, the controllers, the scheduler and the policies' agent have."""

RUN: Final = Path("/run/correlator-kubernetes")
"""Sockets and mounts. There is one node at a time on a machine."""
STATE: Final = Path("/var/lib/correlator-kubernetes")
"""Everything else of it: on a disk, as images are large."""
CONTAINERD: Final = RUN / "containerd.sock"


class Places(NamedTuple):
    """Where what a node needs is."""

    binaries: Path
    root: Path = STATE

    @property
    def kubeconfig(self) -> Path:
        """How an administrator reaches it."""
        return self.root / "admin.kubeconfig"

    @property
    def tokens(self) -> Path:
        """Who may do what."""
        return self.root / "tokens.csv"

    @property
    def signing_key(self) -> Path:
        """Of service accounts."""
        return self.root / "sa.key"

    @property
    def containerd(self) -> Path:
        """Its configuration."""
        return self.root / "containerd.toml"

    @property
    def networks(self) -> Path:
        """The directory of what pods' networks are."""
        return self.root / "cni"

    @property
    def kubelet(self) -> Path:
        """Its configuration."""
        return self.root / "kubelet.yaml"

    def data(self, name: str) -> Path:
        """The directory of a part."""
        return self.root / "data" / name

"""A real Kubernetes of one node on this machine, which asks for nothing but Linux, root, Debian's packages and Go."""

from local.kubernetes.errors import NoKubernetes
from local.kubernetes.node import Node, local_kubernetes

__all__ = ["NoKubernetes", "Node", "local_kubernetes"]

"""Which workers wait for what they run, and which only create it (rule F9)."""

from typing import Final

from correlator.event import Infrastructure
from correlator.prefect.names import Speaker
from correlator.prefect.parsing import Resource

KUBERNETES: Final = "kubernetes"


def is_detached(worker: Resource, types: frozenset[str]) -> bool:
    """Whether a worker is of a type that does not wait."""
    type_ = worker.worker_type
    if type_ is None:
        type_ = worker.id[len(Speaker.WORKER) :].partition(".")[0]
    return type_ in types


def waited(worker: Resource, infrastructure: Infrastructure | None) -> bool:
    """Whether a worker of a detached type waited after all. Kubernetes workers did before prefect-kubernetes 0.6.0;
    they are recognized by the cluster in their identifier: ``<cluster>:<namespace>:<job>``, not ``<namespace>:<job>``.
    """
    kubernetes = worker.worker_type == KUBERNETES or worker.id.startswith(f"{Speaker.WORKER}{KUBERNETES}.")
    identifier = None if infrastructure is None else infrastructure.identifier
    return kubernetes and identifier is not None and identifier.count(":") == 2

"""The programs that are a node, in the order in which they start: how each is called, and when the next may be."""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from local.kubernetes.configuration import TOKEN
from local.kubernetes.places import ADDRESS, API, CONTAINERD, ETCD, ETCD_PEER, NODE, SERVICES, Places


class Part(NamedTuple):
    """A program of the node's."""

    name: str
    command: Callable[[Places], Iterable[str | Path]]
    answers: Callable[[], bool] = lambda: True
    """Whether what needs it may start."""


def _etcd(places: Places) -> Iterable[str | Path]:
    clients, peers = f"http://127.0.0.1:{ETCD}", f"http://127.0.0.1:{ETCD_PEER}"
    return (
        *("etcd", "--name", NODE, "--data-dir", places.data("etcd"), "--unsafe-no-fsync"),
        *("--listen-client-urls", clients, "--advertise-client-urls", clients),
        *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"{NODE}={peers}"),
    )


def _containerd(places: Places) -> Iterable[str | Path]:
    return ("containerd", "--config", places.containerd)


def _api(places: Places) -> Iterable[str | Path]:
    return (
        *(places.binaries / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{ETCD}"),
        *("--bind-address=127.0.0.1", f"--secure-port={API}", f"--advertise-address={ADDRESS}"),
        *(f"--cert-dir={places.data('api')}", f"--token-auth-file={places.tokens}", "--authorization-mode=RBAC"),
        *(f"--service-cluster-ip-range={SERVICES}", "--service-account-issuer=https://node"),
        *(
            f"--service-account-signing-key-file={places.signing_key}",
            f"--service-account-key-file={places.signing_key}",
        ),
        *("--kubelet-preferred-address-types=InternalIP", "--endpoint-reconciler-type=none"),
    )


def _controllers(places: Places) -> Iterable[str | Path]:
    return (
        *(places.binaries / "kube-controller-manager", f"--kubeconfig={places.kubeconfig}", "--leader-elect=false"),
        *("--bind-address=127.0.0.1", f"--cert-dir={places.data('controllers')}", "--allocate-node-cidrs=false"),
        *(
            f"--service-account-private-key-file={places.signing_key}",
            f"--root-ca-file={places.data('api')}/apiserver.crt",
        ),
    )


def _scheduler(places: Places) -> Iterable[str | Path]:
    return (
        *(places.binaries / "kube-scheduler", f"--kubeconfig={places.kubeconfig}", "--leader-elect=false"),
        *("--bind-address=127.0.0.1", f"--cert-dir={places.data('scheduler')}"),
    )


def _kubelet(places: Places) -> Iterable[str | Path]:
    return (
        *(places.binaries / "kubelet", f"--config={places.kubelet}", f"--kubeconfig={places.kubeconfig}"),
        *(f"--root-dir={places.data('kubelet')}", f"--cert-dir={places.data('certificates')}"),
        *(f"--hostname-override={NODE}", f"--node-ip={ADDRESS}"),
    )


def _policies(places: Places) -> Iterable[str | Path]:
    return (
        *(places.binaries / "kube-network-policies", f"--hostname-override={NODE}", "--disable-nri"),
        "--metrics-bind-address=127.0.0.1:19080",
    )


def _containerd_answers() -> bool:
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.connect(f"{CONTAINERD}")
        return True
    return False


def _api_answers() -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its certificate is of its own making
    connection = http.client.HTTPSConnection("127.0.0.1", API, timeout=5, context=context)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


PARTS: Final = (
    Part("etcd", _etcd),
    Part("containerd", _containerd, _containerd_answers),
    Part("kube-apiserver", _api, _api_answers),
    Part("kube-controller-manager", _controllers),
    Part("kube-scheduler", _scheduler),
    Part("kubelet", _kubelet),
    Part("kube-network-policies", _policies),
)

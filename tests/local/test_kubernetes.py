"""A Kubernetes of one node, as far as it can be told without one."""

import socket
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock

import pytest

from local.kubernetes import NoKubernetes, building, needs

GO_MOD = """\
module k8s.io/kubernetes

go 1.24.0

require (
\tk8s.io/api v0.0.0
)

replace (
\tk8s.io/api => ./staging/src/k8s.io/api
\tk8s.io/client-go => ./staging/src/k8s.io/client-go
)
"""
MAIN_GO = """\
import (
\t"k8s.io/client-go/rest"
)

config, err := rest.InClusterConfig()
"""


def test_kubernetes_is_built_with_the_modules_published_beside_it():
    assert building.wrapper(GO_MOD) == (
        "module built\n"
        "go 1.24.0\n"
        f"require k8s.io/kubernetes v{building.VERSION}\n"
        "replace (\n"
        f"\tk8s.io/api => k8s.io/api v0.{building.VERSION.removeprefix('1.')}\n"
        f"\tk8s.io/client-go => k8s.io/client-go v0.{building.VERSION.removeprefix('1.')}\n"
        ")\n"
    )


def test_the_policies_agent_finds_the_api_without_a_pod():
    assert building.outside_of_a_pod(MAIN_GO) == (
        'import (\n\t"k8s.io/client-go/tools/clientcmd"\n)\n\n'
        'config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))\n'
    )


def able(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What a machine needs is there, as far as it can be told without looking at this one."""
    monkeypatch.setattr(needs.sys, "platform", "linux")
    monkeypatch.setattr(needs.os, "geteuid", lambda: 0)
    monkeypatch.setattr(needs.os, "access", lambda *_: True)
    monkeypatch.setattr(needs.os, "statvfs", lambda _: Mock(f_flag=0))
    monkeypatch.setattr(needs.shutil, "which", lambda program: f"/bin/{program}")
    return needs


def no_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs.sys, "platform", "darwin")


def no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs.os, "geteuid", lambda: 1000)


def no_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs.shutil, "which", lambda program: None if program == "go" else f"/bin/{program}")


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        (no_linux, "it needs Linux"),
        (no_root, "it needs root, for containers and their network"),
        (no_go, "it needs Go, which Kubernetes is built with"),
    ],
)
def test_a_machine_that_cannot_have_one(
    monkeypatch: pytest.MonkeyPatch, lacking: Callable[[pytest.MonkeyPatch], None], sentence: str
):
    able(monkeypatch)
    lacking(monkeypatch)
    with pytest.raises(NoKubernetes) as refused:
        needs.check()
    assert f"{refused.value}" == f"No Kubernetes can be had on this machine: {sentence}."


@pytest.mark.parametrize(
    "trace",
    [
        "sys/fs/cgroup/memory/kubepods",
        "sys/fs/cgroup/kubepods.slice",
        "sys/fs/cgroup/memory/k8s.io",
        "run/netns/cni-1b2c",
        "sys/class/net/cni0",
    ],
)
def test_a_machine_that_has_another_kubernetes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trace: str):
    """What is removed at the end would be that one's."""
    (tmp_path / trace).mkdir(parents=True)
    with pytest.raises(NoKubernetes, match=f"there is {tmp_path / trace} already, of another Kubernetes"):
        able(monkeypatch).check(tmp_path)


def test_a_port_that_is_taken():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert not needs.is_free("127.0.0.1", port)
    assert needs.is_free("127.0.0.1", port)

"""What a tour is made of, without a Kubernetes."""

from pathlib import Path

import click
import pytest
import yaml

from chaos.kubernetes import overlay
from chaos.kubernetes.__main__ import chosen
from chaos.kubernetes.acts import ACTS
from chaos.kubernetes.memory import Account, account
from chaos.kubernetes.overlay import IMAGE, Wanted
from chaos.stage import Stage
from tools.manifests import DEPLOY

V1 = """\
12:cpu,cpuacct:/kubepods/burstable/pod1/c0
9:memory:/kubepods/burstable/pod1/c0
1:name=systemd:/kubepods/burstable/pod1/c0
"""
V2 = "0::/kubepods/burstable/pod1/c0\n"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (V1, Account(Path("/c/memory/kubepods/burstable/pod1/c0/memory.usage_in_bytes"),
                     Path("/c/memory/kubepods/burstable/pod1/c0/memory.limit_in_bytes"))),
        (V2, Account(Path("/c/kubepods/burstable/pod1/c0/memory.current"),
                     Path("/c/kubepods/burstable/pod1/c0/memory.max"))),
    ],
    ids=["cgroup v1", "cgroup v2"],
)  # fmt: skip
def test_where_a_containers_memory_is_limited(told: str, expected: Account):
    assert account(told, Path("/c")) == expected


def test_acts_have_names_of_their_own():
    names = [act.name for together in ACTS.values() for act in together]
    assert len(set(names)) == len(names)
    assert all(name == together[0].name for name, together in ACTS.items())


def test_only_acts_can_be_chosen():
    assert chosen("") == list(ACTS)
    assert chosen("drained, out of memory") == ["drained", "out of memory"]
    with pytest.raises(click.UsageError, match="'drain' is no act: choose among process kill -9, "):
        chosen("drain")


@pytest.mark.parametrize("on_disk", [False, True])
def test_the_overlay_changes_only_what_a_user_does(tmp_path: Path, *, on_disk: bool):
    stage = Stage("10.0.0.1:9092", brokers=1, store="memory://", one_hop=False, partitions=8)
    overlay.write(tmp_path, "here", stage, Wanted("now", workers=3, on_disk=on_disk))
    written = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())
    assert [(tmp_path / path).resolve() for path in written["resources"]] == [DEPLOY / "overlays" / "minimal"]
    components = [(tmp_path / path).resolve() for path in written["components"]]
    assert components == ([DEPLOY / "rocksdb"] if on_disk else [])
    assert written["images"] == [{"name": IMAGE, "newTag": "now"}]
    (settings,) = written["configMapGenerator"]
    names = {literal.split("=")[0] for literal in settings["literals"]}
    assert "CORRELATOR_BOOTSTRAP_SERVERS" in names
    assert names.isdisjoint({"CORRELATOR_STORE", "CORRELATOR_SESSION_TIMEOUT", "CORRELATOR_WEB_PORT"})

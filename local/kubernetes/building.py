"""The programs of the node, built once by Go and kept in the user's cache directory."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from local.cached import cached
from local.kubernetes.errors import NoKubernetes

VERSION: Final = "1.34.4"
"""From 1.35 on, kubelets refuse cgroup v1, which many machines without systemd have."""
PROGRAMS: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
POLICIES: Final = "sigs.k8s.io/kube-network-policies"
"""Enforces NetworkPolicy for what iptables' NFQUEUE hands it."""
POLICIES_VERSION: Final = "0.8.0"
PAUSE: Final = Path(__file__).with_name("pause") / "main.go"

FLAGS: Final = ("-p", "2", "-trimpath", "-ldflags")


def programs() -> Path:
    """The directory of the programs, built where they are not there yet: about 12 minutes of a CPU, and 4.7 GB for Go's
    own caches. Raises `NoKubernetes`.
    """
    made_of = repr((VERSION, PROGRAMS, POLICIES, POLICIES_VERSION, FLAGS)).encode()
    state = hashlib.sha256(made_of + PAUSE.read_bytes()).hexdigest()[:8]
    return cached(f"kubernetes-{VERSION}-{state}", _build)


def _build(into: Path) -> None:
    print(f"building Kubernetes {VERSION}, this once (about 12 minutes of a CPU) …", file=sys.stderr)
    into.mkdir()
    with tempfile.TemporaryDirectory() as modules:
        kubernetes, policies, pause = (Path(modules, name) for name in ("kubernetes", "policies", "pause"))
        for directory in (kubernetes, policies, pause):
            directory.mkdir()
        _build_kubernetes(kubernetes, into)
        _build_policies(policies, kubernetes, into)
        (pause / "main.go").write_text(PAUSE.read_text())
        (pause / "go.mod").write_text("module pause\n")
        _go(pause, "build", *FLAGS, "-s -w", "-o", f"{into / 'pause'}", ".")


def _build_kubernetes(module: Path, into: Path) -> None:
    commands = [f"k8s.io/kubernetes/cmd/{name}" for name in PROGRAMS]
    downloaded = _download(f"k8s.io/kubernetes@v{VERSION}", module)
    (module / "go.mod").write_text(wrapper(Path(downloaded["GoMod"]).read_text()))
    (module / "tools.go").write_text(_tools(commands))
    _go(module, "mod", "tidy", "-e")
    said = {"gitVersion": f"v{VERSION}", "gitMajor": "1", "gitMinor": VERSION.split(".")[1], "gitTreeState": "clean"}
    told = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in said.items())
    _go(module, "build", *FLAGS, f"-s -w {told}", "-o", f"{into}/", *commands)


def _build_policies(module: Path, kubernetes: Path, into: Path) -> None:
    downloaded = _download(f"{POLICIES}@v{POLICIES_VERSION}", module)
    (module / "main.go").write_text(outside_of_a_pod(Path(downloaded["Dir"], "cmd", "main.go").read_text()))
    for name in ("go.mod", "go.sum"):  # of the same releases of everything, so that little is left to build
        shutil.copy(kubernetes / name, module / name)
    _go(module, "mod", "edit", "-require", f"{POLICIES}@v{POLICIES_VERSION}")
    _go(module, "mod", "tidy", "-e")
    _go(module, "build", *FLAGS, "-s -w", "-o", f"{into / 'kube-network-policies'}", ".")


def wrapper(go_mod: str) -> str:
    """A module that Kubernetes' programs can be built from: as a dependency, its staging modules are those that were
    published beside it, not the directories that its own go.mod names.
    """
    (go,) = re.findall(r"^go .*$", go_mod, re.MULTILINE)
    staged = sorted(set(re.findall(r"(k8s\.io/[a-z0-9-]+) => \./staging", go_mod)))
    replaced = [f"\t{module} => {module} v0.{VERSION.removeprefix('1.')}" for module in staged]
    lines = ["module built", go, f"require k8s.io/kubernetes v{VERSION}", "replace (", *replaced, ")"]
    return "\n".join(lines) + "\n"


def outside_of_a_pod(main_go: str) -> str:
    """The agent's main program, which reaches the API as ``KUBECONFIG`` says instead of as its pod is told."""
    return main_go.replace(
        "rest.InClusterConfig()", 'clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))'
    ).replace('"k8s.io/client-go/rest"', '"k8s.io/client-go/tools/clientcmd"')


def _tools(packages: Iterable[str]) -> str:
    imports = "\n".join(f'\t_ "{package}"' for package in packages)
    return f"//go:build tools\n\npackage tools\n\nimport (\n{imports}\n)\n"


def _download(module: str, directory: Path) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(_go(directory, "mod", "download", "-json", module))
    return found


def _go(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["nice", "-n", "15", "go", *arguments],
        cwd=directory,
        env=os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod -modcacherw", "GOWORK": "off"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NoKubernetes(f"`go {arguments[0]}` failed in building Kubernetes {VERSION}: {last}")
    return done.stdout

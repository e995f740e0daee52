"""``make deploy-check``: all of ``deploy/`` rendered, and looked at by the tools of the trade.

The tools and the schemas are fetched once, by Go, Maven and pip, into the user's cache directory. No cluster is needed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tools import schemas
from tools.manifests import DEPLOY

TOOLS: Final = {
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5@v5.8.2",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
    "kube-score": "github.com/zegl/kube-score/cmd/kube-score@v1.20.0",
    "cmd": "github.com/compose-spec/compose-go/v2/cmd@v2.16.2",  # the loader that Docker's compose is made with
}

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "correlator-tools")
"""Where the tools and schemas are kept."""

ALONE: Final = (
    ("rocksdb",),
    ("monitoring",),
    ("strimzi",),
    ("strimzi", "strimzi-input"),
    ("keda",),
    ("keda", "keda-sasl"),
    ("bridge",),
    ("bridge", "bridge-key"),
    ("strimzi", "bridge", "strimzi-bridge"),
    ("strimzi", "strimzi-one-hop"),
)
"""Components that must also do without the others."""

IGNORED: Final = {
    "container-image-pull-policy": "overlays name a version, which needs not be asked for at each start",
    "statefulset-has-host-podantiaffinity": "the topology spread says it",
}
"""What kube-score would have otherwise, and why it is as it is."""


def main() -> int:
    """Check everything; returns the exit code."""
    bin_, known = _tools(CACHE), _schemas(CACHE)
    lint = ["--ignore-container-cpu-limit", *(f"--ignore-test={test}" for test in IGNORED)]
    lint += ["--enable-optional-test=container-seccomp-profile", "--enable-optional-test=container-ports-check"]
    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        for name, path in _targets(directory):
            resources = directory / f"{name}.yaml"
            if not all(
                [
                    _passes(bin_ / "kustomize", "build", path, "--output", resources),
                    _passes(bin_ / "kubeconform", "-strict", "-summary", "-schema-location", known, resources),
                    _passes(bin_ / "kube-score", "score", "--exit-one-on-warning", *lint, resources),
                ]
            ):
                failed.append(name)
            print(f"{name}: {'failed' if name in failed else 'passes'}\n", flush=True)
    if not _passes(bin_ / "cmd", DEPLOY.parent / "compose.yaml", quiet=True):
        failed.append("compose.yaml")
    print(f"failed: {', '.join(failed)}" if failed else "all that is in deploy/ and compose.yaml passes")
    return 1 if failed else 0


def run(*command: str | Path, **options: Any) -> str:
    """Run a command and return what it printed. What it complains of goes through, and its failure is raised."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, **options
    )
    return done.stdout


def _tools(cache: Path) -> Path:
    """The directory that the tools are in: one for these versions of them."""
    bin_ = cache / hashlib.sha256(repr(TOOLS).encode()).hexdigest()[:8]
    for tool, module in TOOLS.items():
        if not (bin_ / tool).exists():
            print(f"fetching {module}, this once …", flush=True)
            run("go", "install", module, env=os.environ | {"GOBIN": str(bin_)})
    return bin_


def _schemas(cache: Path) -> str:
    """Where the schemas are, as kubeconform wants it said."""
    directory = cache / f"schemas-{hashlib.sha256(Path(schemas.__file__).read_bytes()).hexdigest()[:8]}"
    if not directory.exists():
        print("fetching schemas, this once …", flush=True)
        with tempfile.TemporaryDirectory(dir=cache) as beside:  # what has the name is whole
            schemas.write(Path(beside), run)
            shutil.copytree(beside, directory, ignore=shutil.ignore_patterns("java", "jars"))
    return f"{directory}/{schemas.LOCATION}"


def _targets(directory: Path) -> Iterator[tuple[str, Path]]:
    """What to render: the overlays, and the base with components."""
    for overlay in sorted((DEPLOY / "overlays").iterdir()):
        yield overlay.name, overlay
    for components in ALONE:
        name = " + ".join(("base", *components))
        target = directory / "-".join(components)
        target.mkdir()
        above = os.path.relpath(DEPLOY, target)
        kustomization = {
            "resources": [f"{above}/base"],
            "components": [f"{above}/{component}" for component in components],
            "images": [{"name": "correlator", "newTag": "0.1.0"}],
        }
        (target / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        yield name, target
    yield "two side by side", side_by_side(directory)


def side_by_side(directory: Path) -> Path:
    """A target of two deployments in one namespace, the second with a suffix; returns where it is."""
    complete = os.path.relpath(DEPLOY / "overlays" / "complete", directory / "first")
    second = {"resources": [complete], "nameSuffix": "-second"}
    written = {"first": {"resources": [complete]}, "second": second, "both": {"resources": ["../first", "../second"]}}
    for name, kustomization in written.items():
        (directory / name).mkdir()
        (directory / name / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return directory / "both"


def _passes(*command: str | Path, quiet: bool = False) -> bool:
    """Whether a command finds nothing wrong. What it says goes through."""
    return subprocess.run(command, stdout=subprocess.DEVNULL if quiet else None, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())

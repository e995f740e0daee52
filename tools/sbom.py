"""``python -m tools.sbom FILE``: write which Python packages the image holds, as CycloneDX 1.6 (JSON).

They are installed from the lock, as in the Dockerfile, into an environment that is then removed. The environment tells
licences and dependencies, the lock the hashes of the files. What the base image holds is not listed.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from correlator import __version__

ROOT: Final = Path(__file__).parent.parent
LOCK: Final = ROOT / "requirements" / "runtime.txt"
PROGRAMS: Final = Path(sys.executable).parent

Sbom = dict[str, Any]
"""A document of CycloneDX, as JSON has it."""


class NotMade(Exception):
    """The SBOM could not be made. The text says why."""


def main(file: str) -> int:
    """Write the SBOM; returns the exit code."""
    try:
        text = checked(merged(installed(), locked()))
    except NotMade as error:
        print(error, file=sys.stderr)
        return 1
    Path(file).write_text(text)
    return 0


def installed() -> Sbom:
    """What the lock installs on this machine: versions, licences, dependencies. Raises `NotMade`."""
    with tempfile.TemporaryDirectory() as environment:
        python = Path(environment, "bin", "python")
        _run("uv", "venv", "--quiet", "--python", sys.executable, environment)
        _run("uv", "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", LOCK)
        return _listed("environment", python)


def locked() -> Sbom:
    """What the lock pins for any machine, with the hashes of all files that it allows. Raises `NotMade`."""
    return _listed("requirements", LOCK)


def merged(installed: Sbom, locked: Sbom) -> Sbom:
    """The SBOM: what is installed, with the hashes of its files, and our version, which pyproject.toml does not say."""
    files = {component["purl"]: component["externalReferences"] for component in locked["components"]}
    components = [
        component | {"externalReferences": component.get("externalReferences", []) + files[component["purl"]]}
        for component in installed["components"]
    ]
    metadata = installed["metadata"]
    ours = metadata["component"] | {"version": __version__}
    return installed | {"components": components, "metadata": metadata | {"component": ours}}


def checked(sbom: Sbom) -> str:
    """The SBOM as text. Raises `NotMade` where CycloneDX's schema does not allow it."""
    text = json.dumps(sbom, indent=2) + "\n"
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise NotMade(f"The SBOM is not what CycloneDX's schema allows: {error}")
    return text


def _listed(kind: str, source: Path) -> Sbom:
    options = (
        "--pyproject",
        ROOT / "pyproject.toml",
        "--spec-version",
        "1.6",
        "--output-reproducible",
        "--no-validate",
    )
    return json.loads(_run("cyclonedx-py", kind, source, *options))  # type: ignore[no-any-return]


def _run(program: str, *arguments: str | Path) -> str:
    done = subprocess.run([PROGRAMS / program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMade(" ".join(done.stderr.split()) or f"{program} {arguments[0]} failed without a word.")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

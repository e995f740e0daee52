"""The environments of the peers, each created once and kept in the user's cache directory."""

import hashlib
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

from local.cached import cached
from local.errors import NoKafka
from local.jars import kafka_version
from local.jvm import find_java

ROOT: Final = Path(__file__).parents[1]
"""The root of the project's checkout."""
PEERS: Final = ROOT / "bench" / "peers"

_STREAMS: Final = PEERS / "kafka_streams"


class Unavailable(Exception):
    """A peer cannot be set up; the message says why, without a full stop."""


def requirements(name: str) -> Path:
    """The locked requirements of a peer's environment, as written by ``make lock``."""
    return PEERS / "requirements" / f"{name}.txt"


def version(name: str, package: str = "") -> str:
    """The version of a package in an environment; by default, of the package that the environment is named after."""
    found = re.search(rf"^{package or name}==([^ ;]+)", requirements(name).read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def python(name: str) -> Path:
    """The Python of an environment, which pip creates the first time.

    Raises:
        Unavailable: pip could not install the requirements.
    """
    wanted = requirements(name)

    def make(into: Path) -> None:
        print(f"setting up {name} {version(name)}, this once …", file=sys.stderr)
        venv.create(into, with_pip=True, symlinks=True)
        options = ("--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes")
        _run(into / "bin" / "python", "-m", "pip", "install", *options, "--requirement", wanted)

    state = _hash(wanted.read_bytes(), sys.version.encode())
    return cached(f"bench-{name}-{version(name)}-{state}", make) / "bin" / "python"


def kafka_streams() -> str:
    """The class path of the peer in Java, which Maven builds the first time.

    Raises:
        Unavailable: Maven is missing, or could not build it.
    """
    sources = (_STREAMS / "pom.xml", *sorted(_STREAMS.rglob("*.java")))

    def make(into: Path) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise Unavailable("no Maven is on the PATH")
        print(f"building the peer on Kafka Streams {kafka_version()}, this once …", file=sys.stderr)
        shutil.copytree(_STREAMS, into, ignore=shutil.ignore_patterns("target"))
        options = (
            "--batch-mode",
            "--quiet",
            f"-Dkafka.version={kafka_version()}",
            f"-DoutputDirectory={into / 'jars'}",
        )
        goals = ("compile", "dependency:copy-dependencies", "-DincludeScope=runtime")
        _run(maven, *options, "--file", into / "pom.xml", *goals)

    state = _hash(kafka_version().encode(), *(source.read_bytes() for source in sources))
    made = cached(f"bench-kafka-streams-{kafka_version()}-{state}", make)
    return f"{made / 'target' / 'classes'}:{made / 'jars'}/*"


def java() -> str:
    """The Java that runs the peer. Raises `Unavailable` if there is none, or only an old one."""
    try:
        return find_java()
    except NoKafka as error:
        raise Unavailable(f"{error}") from None


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = re.search(r"\bERROR\]?:? *(.+)", done.stdout + done.stderr)
        raise Unavailable(f"{Path(command[0]).name} failed ({said[1].strip() if said else 'without a word'})")


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:8]

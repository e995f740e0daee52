"""The environments of the peers, each made once and kept in the user's cache directory."""

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
"""Of the project's checkout."""
PEERS: Final = ROOT / "bench" / "peers"

_STREAMS: Final = PEERS / "kafka_streams"


class Unavailable(Exception):
    """A peer cannot be set up; the message says why, without a full stop."""


def requirements(name: str) -> Path:
    """What a peer's environment holds, as ``make lock`` wrote it."""
    return PEERS / "requirements" / f"{name}.txt"


def version(name: str, package: str = "") -> str:
    """Of a package in an environment; without one, of the package that the environment is named after."""
    found = re.search(rf"^{package or name}==([^ ;]+)", requirements(name).read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def python(name: str) -> Path:
    """The Python of an environment, with pip's help where this is the first time.

    Raises:
        Unavailable: pip could not install what it is to hold.
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
    """The class path of the peer in Java, with Maven's help where this is the first time.

    Raises:
        Unavailable: Maven is not there, or could not build it.
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
    """The Java that the peer runs in. Raises `Unavailable` where there is none, or an old one."""
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

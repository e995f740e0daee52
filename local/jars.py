"""The jars of a broker, fetched once from Maven Central and kept between runs in the user's cache directory."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from local.cached import cached
from local.errors import NoKafka

_POM = Path(__file__).with_name("pom.xml")


def kafka_version() -> str:
    """Return the version of Apache Kafka that pom.xml names."""
    found = re.search(r"<kafka\.version>(.+)</kafka\.version>", _POM.read_text())
    assert found is not None
    return found[1]


def fetched_jars() -> Path:
    """Return the directory of the jars, fetching them with Maven (about 55 MB) where they are not there yet.

    Raises:
        NoKafka: Maven is not there, or could not fetch them.
    """
    state = hashlib.sha256(_POM.read_bytes()).hexdigest()[:8]
    return cached(f"kafka-{kafka_version()}-{state}", _fetch)


def _fetch(into: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafka("no Maven is on the PATH")
    print(f"fetching Apache Kafka {kafka_version()} from Maven Central, this once (about 55 MB) …", file=sys.stderr)
    done = subprocess.run(
        [
            *(maven, "--batch-mode", "--quiet", "--strict-checksums", "--file", str(_POM)),
            *("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={into}"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        errors = [line.removeprefix("[ERROR]").strip() for line in done.stdout.splitlines() if "[ERROR]" in line]
        raise NoKafka(
            f"Maven could not fetch Apache Kafka {kafka_version()} ({errors[0] if errors else 'without a reason'})"
        )

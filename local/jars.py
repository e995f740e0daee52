"""The jars of a broker, fetched once from Maven Central and kept between runs in the user's cache directory."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from local.cached import cached
from local.errors import NoKafka
from local.releases import Release

_POM = Path(__file__).with_name("pom.xml")

VERSION: Final = "KAFKA_VERSION"
"""The environment variable that names a release of Apache Kafka other than pom.xml's, from 2.4 on."""


def kafka_version() -> str:
    """Return the version of Apache Kafka that the environment names, or else pom.xml."""
    return os.environ.get(VERSION) or _pinned()


def kafka_release() -> Release:
    """Return the same as a release. Raises `NoKafka` where it is none."""
    version = kafka_version()
    try:
        return Release.of(version)
    except ValueError:
        raise NoKafka(f"{VERSION} is {version}: set it to a release such as {_pinned()}, or unset it.") from None


def _pinned() -> str:
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
            f"-Dkafka.version={kafka_version()}",
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

"""The jars of a broker, fetched once from Maven Central and kept between runs in the user's cache directory."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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
    directory = _cache()
    if directory.is_dir():
        return directory
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafka("no Maven is on the PATH")
    print(f"fetching Apache Kafka {kafka_version()} from Maven Central, this once (about 55 MB) …", file=sys.stderr)
    directory.parent.mkdir(parents=True, exist_ok=True)
    # Fetched beside, then renamed: what has the name is whole, whenever and however often this is interrupted.
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=directory.parent) as beside:
        jars = Path(beside, "jars")
        _fetch(maven, jars)
        try:
            jars.rename(directory)
        except OSError:
            if not directory.is_dir():  # else someone else was faster
                raise
    return directory


def _fetch(maven: str, into: Path) -> None:
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


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    state = hashlib.sha256(_POM.read_bytes()).hexdigest()[:8]
    return Path(base, "prefect-lifecycle-correlator", f"kafka-{kafka_version()}-{state}")

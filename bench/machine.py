"""The machine that was measured on, and the versions of what was measured."""

import os
import platform
import re
import subprocess
from importlib.metadata import version as installed
from pathlib import Path

from bench.contenders import Contender
from bench.setting_up import java, version
from correlator import __version__
from local.jars import kafka_version

_FIELD = re.compile(r"^(model name|MemTotal)\s*:\s*(.+)$", re.MULTILINE)


def shape() -> str:
    """The machine in words: cores, CPU, memory, kernel."""
    told = dict(_FIELD.findall(Path("/proc/cpuinfo").read_text() + Path("/proc/meminfo").read_text()))
    gib = int(told["MemTotal"].split()[0]) / 2**20
    return (
        f"{os.cpu_count()} cores ({told.get('model name', platform.machine())}), {gib:.0f} GiB of memory,"
        f" Linux {platform.release().partition('-')[0]}"
    )


def versions(contenders: list[Contender], kafka: str) -> list[str]:
    """The versions of everything that took part."""
    names = {one.name.partition("-")[0] for one in contenders}
    ours = ", ".join(f"{name} {installed(name)}" for name in ("faust-streaming", "aiokafka", "msgspec", "uvloop"))
    told = [
        f"broker: {kafka}",
        f"Python {platform.python_version()} (the stage and all peers in Python)",
        f"the stage {__version__}, with {ours}",
    ]
    if "quix" in names:
        told.append(
            f"Quix Streams {version('quixstreams')}, with confluent-kafka {version('quixstreams', 'confluent-kafka')}"
        )
    if "bytewax" in names:
        told.append(f"Bytewax {version('bytewax')}, with confluent-kafka {version('bytewax', 'confluent-kafka')}")
    if "aiokafka" in names:
        told.append(f"bare aiokafka {version('aiokafka')}, with uvloop {version('aiokafka', 'uvloop')}")
    if "confluent" in names:
        told.append(f"bare confluent-kafka {version('confluent-kafka')}")
    if "kstreams" in names:
        told.append(f"Kafka Streams {kafka_version()}, on Java {_java()}, -Xms512m -Xmx1g, G1")
    return told


def _java() -> str:
    said = subprocess.run(
        [java(), "-version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    ).stderr
    found = re.search(r'version "(.+?)"', said)
    return found[1] if found else "of an unknown version"

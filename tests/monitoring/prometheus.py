"""A Prometheus of the test's own, as Debian packages it, and what it and promtool say."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from local.ports import free_ports

REQUIRED = os.environ.get("REQUIRE_PROMETHEUS", "0") not in {"", "0"}
PATIENCE = 30
LABELS = {"namespace": "test", "pod": "correlator-0"}
"""As Kubernetes would have it."""


def program(name: str) -> str:
    """Where a program of Prometheus is. Skips the test where it is not installed, or fails it if it is required."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed: apt-get install prometheus has it."
        pytest.fail(reason, pytrace=False) if REQUIRED else pytest.skip(reason)
    return found


def promtool(*arguments: str | Path, text: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """What promtool says of files, or of a text."""
    return subprocess.run([program("promtool"), *arguments], input=text, capture_output=True, timeout=120, check=False)


class Prometheus:
    """It scrapes the ports every second, and evaluates the rules as often."""

    def __init__(self, directory: Path, ports: list[int], rules: Path) -> None:
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        targets = [f"127.0.0.1:{port}" for port in ports]
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "correlator", "static_configs": [{"targets": targets, "labels": LABELS}]}],
        }
        (directory / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        self._log = directory / "prometheus.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program("prometheus"),
                    f"--config.file={directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={directory / 'prometheus'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=warn",
                ],
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        """Return when it answers."""
        until = time.monotonic() + PATIENCE
        while True:
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < until, self._log.read_text()
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """What an expression is now: labels and value of each series."""
        result = self.ask("query", query=expression)["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    def ask(self, what: str, **parameters: str) -> Any:
        """The API's answer to a question."""
        url = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None

"""A peer that cannot be set up is reported in one sentence, and the others go on."""

from pathlib import Path

import pytest

from bench.contenders import CONTENDERS
from bench.rounds import ready


@pytest.fixture
def nothing_to_have(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, no package index, and a Maven that fails."""
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\necho '[ERROR] central: Unknown host'\nexit 1\n")
    maven.chmod(0o755)
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"21\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}:/usr/bin:/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "prefect-lifecycle-correlator"


def test_without_it(nothing_to_have: Path, capsys: pytest.CaptureFixture[str]):
    wanted = [one for one in CONTENDERS if one.name in {"stage-1", "kstreams", "bytewax"}]
    prepared, missing = ready(wanted)
    assert [one.name for one in prepared] == ["stage-1"]
    assert [one.name for one in missing] == ["kstreams", "bytewax"]
    said = capsys.readouterr().err
    assert (
        "Kafka Streams (Java) (at least once) does not take part, since mvn failed (central: Unknown host).\n" in said
    )
    assert "Bytewax (at least once) does not take part, since python failed (Could not find a version" in said
    assert list(nothing_to_have.iterdir()) == [], "no half of an environment"

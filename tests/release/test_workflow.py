"""The forge's CI does what .ci/run does, with actions that nobody can change under it."""

import re

import yaml

from tests.release.conftest import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_it_runs_the_same_checks():
    assert any("bash .ci/run" in step.get("run", "").splitlines() for step in STEPS)


def test_actions_are_pinned_to_commits():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []


def test_its_token_may_only_read():
    assert WORKFLOW["permissions"] == {"contents": "read"}

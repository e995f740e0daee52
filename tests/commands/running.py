"""The command line as its users run it: a process, with the settings that a test gives and no others."""

import subprocess

from support.deployment import CORRELATOR, environment


def correlator(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [CORRELATOR, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

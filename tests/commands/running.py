"""The command line as its users run it: a process, with the settings that a test gives and no others."""

import os
import subprocess
import sys


def correlator(*arguments, **settings) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CORRELATOR_")}
    env = kept | {f"CORRELATOR_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-c", "from correlator.commands import main; main()", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

"""How much memory a process takes, as Linux tells."""

import re
from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """Bytes in memory."""

    resident: int
    """Now."""
    peak: int
    """The most it ever was."""


def memory_of(pid: int) -> Memory:
    """Of a process that runs. Raises `FileNotFoundError` where none does."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = {name: int(kb) for name, kb in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status)}
    return Memory(kilobytes["VmRSS"] * 1024, kilobytes["VmHWM"] * 1024)

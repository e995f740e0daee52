"""What a process has taken, as Linux tells."""

import os
import re
from pathlib import Path
from typing import NamedTuple

_ESTABLISHED = "01"
"""The state of a connection, as the kernel writes it."""


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


def threads_of(pid: int) -> int:
    """Of a process that runs."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def sockets_of(pid: int) -> int:
    """That a process that runs has to others, its own listeners and pipes not among them."""
    inodes = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    connected = set[str]()
    for family in ("tcp", "tcp6"):
        rows = Path(f"/proc/{pid}/net/{family}").read_text().splitlines()[1:]
        connected |= {f"socket:[{row.split()[9]}]" for row in rows if row.split()[3] == _ESTABLISHED}
    return len(inodes & connected)


def cpu_seconds_of(pid: int) -> float:
    """Of a process that runs, all its threads, since its start. Raises `FileNotFoundError` where none does."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # its name may hold anything
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

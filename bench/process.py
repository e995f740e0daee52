"""The resources that a process uses, as Linux reports them."""

import os
import re
from pathlib import Path
from typing import NamedTuple

_ESTABLISHED = "01"
"""The kernel's code for an established connection."""


class Memory(NamedTuple):
    """Bytes in memory."""

    resident: int
    """At present."""
    peak: int
    """At its peak."""


def memory_of(pid: int) -> Memory:
    """The memory of a running process. Raises `FileNotFoundError` if it does not run."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = {name: int(kb) for name, kb in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status)}
    return Memory(kilobytes["VmRSS"] * 1024, kilobytes["VmHWM"] * 1024)


def threads_of(pid: int) -> int:
    """How many threads a running process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def sockets_of(pid: int) -> int:
    """How many connections a running process has to others; listeners and pipes do not count."""
    inodes = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    connected = set[str]()
    for family in ("tcp", "tcp6"):
        rows = Path(f"/proc/{pid}/net/{family}").read_text().splitlines()[1:]
        connected |= {f"socket:[{row.split()[9]}]" for row in rows if row.split()[3] == _ESTABLISHED}
    return len(inodes & connected)


def cpu_seconds_of(pid: int) -> float:
    """The CPU time that a running process has used since its start, in all its threads. Raises `FileNotFoundError` if
    it does not run.
    """
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # the process's name may contain anything
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

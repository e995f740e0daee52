"""The memory limit of a container, lowered to what it has until the kernel ends its process."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

CGROUPS: Final = Path("/sys/fs/cgroup")
LOOK: Final = 0.1


class Account(NamedTuple):
    """Where a cgroup's memory is told and limited, in bytes."""

    used: Path
    limit: Path


def account(told: str, cgroups: Path = CGROUPS) -> Account:
    """That of a process, by its ``/proc/PID/cgroup``: version 1 has a hierarchy of its own for memory."""
    for line in told.splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            directory = cgroups / "memory" / path.lstrip("/")
            return Account(directory / "memory.usage_in_bytes", directory / "memory.limit_in_bytes")
    directory = cgroups / told.rsplit("::/", 1)[1].strip()
    return Account(directory / "memory.current", directory / "memory.max")


async def squeeze(used: Path, limit: Path) -> None:
    """Leave a container no byte more than it has, until this is cancelled or the container is gone."""
    while await asyncio.to_thread(_tighten, used, limit):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(LOOK)


def _tighten(used: Path, limit: Path) -> bool:
    with suppress(OSError):  # the kernel cannot free as much as that, at the moment
        limit.write_text(used.read_text())
    return used.exists()

"""Connections of pods that a policy forbids: Kubernetes leaves to the network what becomes of those that are open."""

import asyncio
import subprocess
import time
from collections.abc import Sequence


async def cut(addresses: Sequence[str], seconds: float) -> None:
    """For so many seconds, have what these pods have open asked about as if it were new, and so denied."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for address in addresses:
            forgetting = await asyncio.create_subprocess_exec(
                *("conntrack", "-D", "--orig-src", address), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            await forgetting.wait()  # it fails where there is none
        await asyncio.sleep(1)

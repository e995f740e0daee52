"""Kubernetes' command."""

import asyncio
import subprocess
from collections.abc import Mapping


class Refused(Exception):
    """It did not do what it was told to; the text says why, in its own words."""


async def kubectl(
    program: str, namespace: str, *arguments: str, given: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """Run it in a namespace, with ``given`` as its standard input, and return what it printed. Raises `Refused`.

    ``environment``: of the command; this process's where it is not given.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(program, "--namespace", namespace, *arguments),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise Refused(f"{program} cannot be run: {error.strerror}.") from None
    out, err = await process.communicate(given.encode())
    if process.returncode:
        raise Refused(f"kubectl {' '.join(arguments)}: {err.decode(errors='replace').strip()}")
    return out.decode()

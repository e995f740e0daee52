"""What is made once and kept between runs, in the user's cache directory."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return the directory of that name, made by ``make`` where it is not there yet.

    It is made beside, then renamed: what has the name is whole, whenever and however often this is interrupted.
    """
    directory = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "prefect-lifecycle-correlator", name)
    if directory.is_dir():
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=directory.parent) as beside:
        made = Path(beside, "made")
        make(made)
        try:
            made.rename(directory)
        except OSError:
            if not directory.is_dir():  # else someone else was faster
                raise
    return directory

"""What the laptop's Prefect runs: runs that complete, fail and crash, and some that last longer than five minutes."""

import os
import time

from prefect import flow


@flow
def mixed() -> None:
    """Take some seconds; of six runs, one a minute, one fails, and the process of another ends itself."""
    turn = int(time.time() / 60) % 6
    time.sleep(1 + 4 * turn)
    match turn:
        case 2:
            raise RuntimeError("on purpose")
        case 4:
            os._exit(3)


@flow
def long() -> None:
    """Take six minutes: from five on, Prefect no longer says which event an end follows."""
    time.sleep(360)

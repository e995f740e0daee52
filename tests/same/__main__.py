"""Checks that this checkout decides like another one: ``python -m tests.same BASE_CHECKOUT [--events 1000000] [--seed
N]``.

Each checkout is driven by its own ``tests/same/today.py``, which fits its interfaces (``--base-face`` names another
file, for a checkout that has none). Exits with 1 if they differ, or if a kind of event, fate or outcome never occurred
in a comparison large enough for it.
"""

import argparse
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.same import showing
from tests.same.comparing import HERE, Checkout, Died, Task, compare
from tests.same.logs import Logs
from tests.same.single import Singles

SINGLE: Final = 0.6
"""The share of mutated events in the inputs; the others are lines of logs."""
BATCH: Final = 600
"""Inputs per batch, or a few more."""
ENOUGH: Final = 100_000
"""The number of inputs from which on everything must occur."""


def batches(seed: int, events: int) -> Iterator[list[Task]]:
    """Batches of inputs from a seed, ``events`` in total; each line of a log counts as one."""
    rng = random.Random(seed)
    singles = Singles(random.Random(rng.random()))
    logs = Logs(random.Random(rng.random()), singles.next)
    single = logged = 0
    while single + logged < events:
        batch: list[Task] = []
        begun = single + logged
        while single + logged - begun < BATCH:
            if single <= SINGLE * (single + logged):
                batch.append(("single", singles.next(), rng.choice((1, 5, 1000))))
                single += 1
            else:
                log = logs.next()
                batch.append(("log", log))
                logged += max(1, len(log["lines"]))
        yield batch


def main() -> int:
    """Compare the checkouts, and print the result."""
    parser = argparse.ArgumentParser(prog="python -m tests.same", description=__doc__)
    parser.add_argument("base", type=Path, help="a checkout of the code before")
    parser.add_argument("--events", type=int, default=1_000_000, help="how many inputs (1000000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--differences", type=int, default=5, help="how many differences to show before stopping (5)")
    parser.add_argument("--base-face", type=Path, help="what knows BASE's interfaces (its tests/same/today.py)")
    parser.add_argument("--face", type=Path, default=HERE / "today.py", help="what knows this checkout's interfaces")
    options = parser.parse_args()
    began = time.monotonic()
    totals = Counter[str](), Counter[str]()
    found = 0
    tellers: list[Checkout] = []
    try:
        tellers += [
            Checkout(options.base.resolve(), (options.base_face or options.base / "tests/same/today.py").resolve()),
            Checkout(HERE.parents[1], options.face.resolve()),
        ]
        before, after = tellers
        for difference in compare(before, after, batches(options.seed, options.events), totals):
            print("\n".join(showing.difference(difference, options.seed)), flush=True)
            found += 1
            if found >= options.differences:
                print("… and perhaps more: stopped here")
                break
    except Died as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        for teller in tellers:
            teller.close()
    return _concluded(totals, found, time.monotonic() - began)


def _concluded(totals: tuple[Counter[str], Counter[str]], found: int, seconds: float) -> int:
    count = totals[0]["inputs: single events"] + totals[0]["inputs: lines of logs"]
    print("\n".join(showing.table(*totals)))
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"{count:,} inputs in {seconds:.0f} s, {most // 1024} MiB at most in a process")
    missing = showing.missing(totals[0])
    if found:
        print(f"{found} differences")
    elif missing:
        print(f"the same, but nothing was seen of: {'; '.join(missing)}")
    else:
        print("no difference")
    return 1 if found or (missing and count >= ENOUGH) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Searches a protocol's states: ``python -m tests.protocol --faults 3 --starts 1``, or with a guard taken out:
``python -m tests.protocol --without require_stable``. Exits with 1 if something is wrong.
"""

import argparse
import resource
import sys

from tests.protocol.guards import NEEDED
from tests.protocol.search import search
from tests.protocol.setting import INPUT, LANE, TIME, WORKER, Setting, all_keep_to
from tests.protocol.telling import told

LANES = {
    "one": ((INPUT,), (0,)),
    "two": ((INPUT, INPUT), (0, 1)),
    "hops": ((INPUT, 0), (0, 1)),
    "time": ((TIME,), (0,)),
    "both": ((INPUT, TIME), (0, 0)),
}


def setting_of(options: argparse.Namespace) -> Setting:
    bounds = {name: value for name in ("faults", "starts", "records") if (value := getattr(options, name)) is not None}
    if options.without is not None:
        found = [it for name, it in NEEDED.items() if options.without in name]
        if len(found) != 1:
            sys.exit("--without takes a part of one of these:\n  " + "\n  ".join(NEEDED))
        return found[0]._replace(readers_only=options.readers_only, **bounds)
    lanes, holders = LANES[options.lanes]
    return all_keep_to(
        {"worker": WORKER, "lane": LANE}[options.protocol],
        workers=options.workers,
        lanes=lanes,
        holders=holders,
        verified=not options.old_brokers,
        static=not options.dynamic,
        disk=not options.memory,
        repeats=options.repeats,
        readers_only=options.readers_only,
        **bounds,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.protocol", description=__doc__)
    parser.add_argument(
        "--protocol", choices=("worker", "lane"), default="worker", help="whose a transactional id is (worker)"
    )
    parser.add_argument("--without", metavar="GUARD", help="take a guard out, named by a part of its name")
    parser.add_argument("--faults", type=int, help="the most faults that occur (2)")
    parser.add_argument("--starts", type=int, help="the most processes that start again (0)")
    parser.add_argument("--records", type=int, help="how many records an input holds (2)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lanes", choices=LANES, default="one", help="what lanes there are (one)")
    parser.add_argument("--old-brokers", action="store_true", help="brokers that verify nothing, before Kafka 3.7")
    parser.add_argument("--dynamic", action="store_true", help="members without an id of their own")
    parser.add_argument("--memory", action="store_true", help="tables that end with the process")
    parser.add_argument("--repeats", action="store_true", help="requests may be sent twice")
    parser.add_argument("--readers-only", action="store_true", help="judge only what readers see")
    parser.add_argument("--most", type=int, default=50_000_000, metavar="STATES", help="stop after this many states")
    options = parser.parse_args()
    result = search(setting_of(options), most=options.most)
    print("\n".join(told(result)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{result.states:,} states, {result.steps:,} steps, {result.seconds:.0f} s of CPU, {memory:,} MiB")
    return 0 if result.whole else 1


if __name__ == "__main__":
    sys.exit(main())

"""Coverage-guided fuzzing of what reads bytes that others wrote: raw events, the lifecycles topic, the table's entries.

Needs atheris, which is no dependency of the project (it has no wheels for most platforms)::

    python3 -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install -r requirements/dev.txt && /tmp/fuzz/bin/pip install atheris
    /tmp/fuzz/bin/pip install --no-deps --no-build-isolation -e .
    mkdir -p /tmp/corpus && /tmp/fuzz/bin/python -m tests.fuzz.fuzz_decoders raw /tmp/corpus -runs=1000000 -timeout=5

The first argument says which decoder (`TARGETS`), the others are libFuzzer's. It begins with the corpus that is kept
(``corpus.txt``); an exception that is not declared, an input that takes longer than ``-timeout``, and growth beyond
``-rss_limit_mb`` end it with the input in a file. ``tests.fuzz.corpus`` packs what it found.
"""

import random
import resource
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["correlator"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.corpus import load, seeds
from tests.fuzz.mutating import mutate

REPORT = 250_000
"""Inputs after which the memory in use is told."""


def main() -> None:
    name, *arguments = sys.argv[1:]
    target = TARGETS[name]
    directories = [argument for argument in arguments if not argument.startswith("-")]
    for number, value in enumerate([*seeds(name), *load(name)] if directories else []):
        Path(directories[0], f"kept-{number}").write_bytes(value)
    count = 0

    def one(data: bytes) -> None:
        nonlocal count
        target(data)
        count += 1
        if count == 10_000 or count % REPORT == 0:
            print(f"{name}: {count} inputs, {memory()} KiB resident", flush=True)

    def other(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.7:
            changed = mutate(name, data, rng)
            if changed is not None and len(changed) <= max_size:
                return changed
        return bytes(atheris.Mutate(data, max_size))

    atheris.Setup([sys.argv[0], *arguments], one, custom_mutator=other)
    atheris.Fuzz()


def memory() -> int:
    """What is resident now, where the system says so, else the most that ever was. KiB."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()

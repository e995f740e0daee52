"""What fuzzing found, kept: every input that led somewhere new goes through its decoder again, with its neighbours."""

import random
import resource
import time
import tracemalloc

import pytest

from correlator import core, prefect, wire
from tests.fuzz.corpus import LARGEST, load, seeds
from tests.fuzz.mutating import mutate
from tests.fuzz.targets import READING, TARGETS

MUTATIONS = 60
"""Of each input, every time the tests run."""


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus(name: str) -> None:
    """No exception but the declared ones, and none takes long."""
    inputs = [*seeds(name), *load(name)]
    assert len(load(name)) > 5
    for data in inputs:
        began = time.perf_counter()
        TARGETS[name](data)
        assert time.perf_counter() - began < 1, data


@pytest.mark.parametrize("name", TARGETS)
def test_its_neighbours(name: str) -> None:
    rng = random.Random(0)
    for data in [*seeds(name), *load(name)]:
        for _ in range(MUTATIONS):
            changed = mutate(name, data, rng)
            TARGETS[name](data[: rng.randrange(len(data) + 1)] if changed is None else changed)


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_kept_in_memory(name: str) -> None:
    """Many inputs, and no more is held than after a few."""
    inputs = load(name)
    for data in inputs:
        TARGETS[name](data)
    tracemalloc.start()
    try:
        for data in inputs:
            TARGETS[name](data)
        before = tracemalloc.get_traced_memory()[0]
        for data in inputs * 5:
            TARGETS[name](data)
        assert tracemalloc.get_traced_memory()[0] - before < 64 * 1024
    finally:
        tracemalloc.stop()


DEEP = 500_000
DECODERS = {
    "raw": (lambda data: prefect.decode(data, READING), prefect.InvalidEvent),
    "state": (core.decode, core.UnreadableState),
    "clocks": (core.Clocks.decode, core.UnreadableState),
    "lifecycles": (lambda data: wire.decode(b"key", data), wire.UnreadableWire),
}


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize(
    "data",
    [
        b'{"event":"prefect.worker.started","payload":' + b"[" * DEEP,
        b'{"event":"prefect.worker.started","payload":' + b'{"a":' * DEEP,
        b'[1,"prefect.worker.started",' + b"[" * DEEP + b"]" * DEEP + b"]",
        b'{"event":"prefect.flow-run.' + b"x" * DEEP + b'","resource":{"prefect.state-type":"FAILED"}}',
        b'{"resource":{"prefect.state-type"' + b" " * DEEP + b':"FAILED"},"event":"prefect.kubernetes.pod.failed"}',
        b'{"event":"prefect.kubernetes.pod.failed","related":[' + b"{}," * DEEP + b"{}]}",
        b'{"event":"prefect.worker.started","id":"' + b"0" * DEEP + b'"}',
        b'{"event":"prefect.worker.started","occurred":"' + b"2026-01-01T" * DEEP + b'"}',
        b'{"occurred":' + b" " * DEEP + b'"prefect.worker.started"}',
        b'{"event":"prefect.worker.started","id":1' + b"0" * DEEP + b"}",
        b"\x98" + b"\x91" * DEEP + b"prefect.worker.started",
        b"\x98\x01" + b"\x91" * DEEP + b"prefect.worker.started",
        b"\x98\x02" + b"\x91" * DEEP + b"prefect.worker.started",
        b"\x93\x01\x01" + b"\x81\x01" * DEEP + b"prefect.worker.started",
        b"\x98\x01\xdb\x00\x08\x00\x00" + b"0" * (1 << 19) + b"prefect.worker.started",
        b"\xdd\xff\xff\xff\xff" + b"prefect.worker.started",  # says that it is an array of 4 billion
        b"\xdd\xff\xff\xff\xff" + b"\x01" * DEEP + b"prefect.worker.started",
        b"\x93\x01\x01\xdf\xff\xff\xff\xff" + b"\x01" * DEEP + b"prefect.worker.started",
    ],
    ids=lambda data: data[:50].decode(errors="backslashreplace"),
)
def test_megabytes(name: str, data: bytes) -> None:
    """Deep, long, or both: refused in a moment, in little memory."""
    decode, declared = DECODERS[name]
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with pytest.raises(declared):
        decode(data)
    assert time.perf_counter() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_the_corpus_is_small() -> None:
    assert all(len(data) <= LARGEST for name in TARGETS for data in load(name))

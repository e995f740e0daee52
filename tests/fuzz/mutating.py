"""Mutations that keep JSON JSON, and MessagePack MessagePack: mutated byte by byte, most inputs never get past the
parser.
"""

import random
from typing import Any, Final

import msgspec
import orjson
from msgspec import msgpack

INTERESTING: Final[list[Any]] = [
    None, True, False, 0, 1, -1, 999, 1 << 53, (1 << 63) - 1, -(1 << 63), (1 << 64) - 1, 0.5, 1e308, "", "a", "\x00",
    "￿", "😀", [], {}, [[]], {"": None}, [None], "2026-02-30T00:00:00Z", "9999-12-31T23:59:59.999999999-23:59",
    "0001-01-01T00:00:00+23:59", "2026-01-01t00:00:00.5z", "00000000-0000-0000-0000-00000000000A", "prefect.worker.",
    "prefect.worker.started", "prefect.runner.cancelled-flow-run", "prefect.flow-run.", "tag", "flow-run", "follows",
    "prefect.resource.role", "prefect.tag.x", "-0", "9999999999", "lost", "resource", "worker-uptime", "start",
    "prefect.worker.cancelled-flow-run", "prefect.kubernetes.pod.evicted", "prefect.ecs.task.stopped", "kubernetes",
    "prefect.flow-run.OutOfMoney", "prefect.state-type", "RUNNING", "CANCELLED", "PENDING", "state", "phase", "running",
    "creation", "evicted", "infrastructure", "flow-run-duration", "a:b", "a:b:c", "prefect.worker.kubernetes.w", "ecs",
]  # fmt: skip


def mutated(value: Any, rng: random.Random) -> Any:
    """The value with one to three changes."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        value = _changed(value, rng)
    return value


def _changed(value: Any, rng: random.Random) -> Any:
    """A node, chosen on a walk from the root, is replaced, moved, doubled or left out."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        match rng.randrange(12):
            case 0:
                return {other: it for other, it in value.items() if other != name}
            case 1:
                return {(_text(rng) if other == name else other): it for other, it in value.items()}
            case 2:
                return {**value, name: value[rng.choice(list(value))]}
            case _:
                return {**value, name: _changed(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        match rng.randrange(12):
            case 0:
                return value[:place] + value[place + 1 :]
            case 1:
                return [*value[:place], value[place], *value[place:]]
            case 2:
                return [*value[:place], rng.choice(value), *value[place + 1 :]]
            case 3:
                return value * rng.choice((2, 7)) if len(value) < 50 else value
            case _:
                return [*value[:place], _changed(value[place], rng), *value[place + 1 :]]
    match value:
        case str() if value and rng.random() < 0.5:
            place = rng.randrange(len(value))
            return value[:place] + rng.choice(("", "-", ".", "0", "Z", "é", " ", value)) + value[place + 1 :]
        case int() if rng.random() < 0.5:
            return max(-(1 << 63), min((1 << 63) - 1, value + rng.choice((-1, 1, 10**6, -(10**9), value))))
        case _:
            return rng.choice(INTERESTING)


def _text(rng: random.Random) -> str:
    return rng.choice([it for it in INTERESTING if isinstance(it, str)])


def mutate(name: str, data: bytes, rng: random.Random) -> bytes | None:
    """An input of a target as another that can be parsed; None where it cannot be."""
    skip = 0 if name != "lifecycles" or not data else 1 if data[0] == 255 else 1 + data[0]
    loads, dumps = (orjson.loads, orjson.dumps) if name == "raw" else (msgpack.decode, msgpack.encode)
    try:
        return data[:skip] + dumps(mutated(loads(data[skip:]), rng))
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError):
        return None

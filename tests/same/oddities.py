"""What producers might write but should not: odd values for every field of an event, and values that are
nearly right.
"""

import random
import uuid
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

NAMES: Final = (
    "prefect.worker.started",
    "prefect.worker.stopped",
    "prefect.worker.submitted-flow-run",
    "prefect.worker.executed-flow-run",
    "prefect.runner.cancelled-flow-run",
    "prefect.worker.cancelled-flow-run",
)
"""The names of events of workers and runners."""

NEAR_NAMES: Final = (
    "prefect.worker.started.again", "prefect.worker.start", "Prefect.worker.started",
    "prefect.kubernetes.pod.deleted", "prefect.ecs.task.running", "prefect.task-run.Completed", "prefect.flow-run.",
    "prefect.kubernetes.pod.", "prefect.worker.cancelled-flow-runs",
    "prefect.runner.started", "xprefect.worker.stopped", "prefect.worker.stopped ", "prefect.runner.submitted-flow-run",
    "prefect.workerXstarted", "prefect.flow-run.Running", "prefect.worker.", "", "prefect.worker.started\n",
    "prefect.runner.cancelled-flow-run2",
)  # fmt: skip

ANY: Final[tuple[Any, ...]] = (
    None, True, False, 0, 1, -1, 1 << 53, (1 << 63) - 1, -(1 << 63), (1 << 64) - 1, 0.5, 1e308, -0.0, "", "a",
    "\x00", "\uffff",
    "😀", "é" * 59, "x" * 60, "y" * 61, "'\"\\", [], {}, [[]], {"": None}, [None], ["prefect.worker.started"],
    {"prefect.resource.id": "prefect.worker.a.b"}, "prefect.worker.started", [[[[[[]]]]]], {"a": {"b": {"c": [1, {}]}}},
)  # fmt: skip

TIMES: Final[tuple[Any, ...]] = (
    "2026-11-23T15:37:32.778506Z", "2026-11-23 15:37:32.778506+00:00", "2026-11-23t15:37:32z", "2026-11-23T15:37:32",
    "2026-11-23T15:37:60Z", "2016-12-31T23:59:60Z", "2026-11-23T24:00:00Z", "2026-11-23T23:60:00Z",
    "2026-11-23T15:37:32.7785069999999Z", "2026-11-23T15:37:32.9999999Z", "2026-11-23T15:37:32.1Z",
    "2026-11-23T15:37:32.Z", "2026-11-23T15:37:32,5Z", "2026-11-23T15:37:32+14:00", "2026-11-23T15:37:32-12:30",
    "2026-11-23T15:37:32+24:00", "2026-11-23T15:37:32+23:59", "2026-11-23T15:37:32-23:59", "2026-11-23T15:37:32+0100",
    "2026-11-23T15:37:32+01", "2026-11-23T15:37:32 +01:00", "2026-11-23T15:37:32+00:60", "2026-11-23T15:37:32-00:00",
    "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:01", "1969-12-31T23:59:59-00:01",
    "0001-01-01T00:00:00+23:59", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:59.999999999-23:59", "10000-01-01T00:00:00Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z",
    "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-11-00T00:00:00Z",
    "2026-W48-1T00:00:00Z",
    "20261123T153732Z", "2026-11-23", "2026-11-23T15:37Z", "2026-327T15:37:32Z", "\uff12026-11-23T15:37:32Z",
    " 2026-11-23T15:37:32Z", "2026-11-23T15:37:32Z\n", "2026-11-23T15:37:32Z ", "2026-11-23_15:37:32Z",
    "2026-11-23T15:37:32.000001z", "2026-11-23T15:37:32.0000009Z", "2026-11-23T25:37:32Z", "2026-11-23T15:37:32+25:00",
    1795448252778506, 1795448252.5, None, "", "now", "1970-01-01T00:00:00.000000001Z",
)  # fmt: skip

STATUS_CODES: Final[tuple[Any, ...]] = (
    "0", "1", "-1", "137", "-15", "00", "-0", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "", "-", "--1", "\uff11",
    "4294967295", "9999999999", "10000000000", "-9999999999", "-10000000000", "0000000001", "00000000001", "1\n",
    "1_000", "null",
    0, 1, -1, 137, 9999999999, 10000000000, -9999999999, -10000000000, (1 << 63) - 1, (1 << 64) - 1, 0.0, 1.0, 1.5,
    True, False, None, [], {}, [0], {"code": 0},
)  # fmt: skip

EXTREME_NUMBERS: Final = (
    "1e400",
    "-1e400",
    "1" + "0" * 40,
    "-0",
    "0.1e-400",
    "18446744073709551616",
    "-9223372036854775809",
)
"""Numbers that only fit in a text."""

ROLES: Final[tuple[Any, ...]] = (
    "flow-run", "flow", "deployment", "work-pool", "tag", "work-queue", "Flow-Run", "flow_run", "flow-run ", "",
    "task-run",
    "worker", None, 1, ["flow-run"], {"role": "flow-run"}, "tags",
)  # fmt: skip


def anything(rng: random.Random) -> Any:
    """A fresh value of any type, which the caller may change."""
    return deepcopy(rng.choice(ANY))


def uuid_text(rng: random.Random) -> str:
    """A proper UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def odd_uuid(rng: random.Random) -> Any:
    """A UUID in another spelling, or something that is not a UUID."""
    proper = uuid_text(rng)
    spellings: tuple[Callable[[], Any], ...] = (
        proper.upper,
        proper.title,
        lambda: proper.replace("-", ""),
        lambda: "{" + proper + "}",
        lambda: "urn:uuid:" + proper,
        lambda: proper[:-1],
        lambda: proper + "0",
        lambda: proper + "\n",
        lambda: " " + proper,
        lambda: proper[:9] + "g" + proper[10:],
        lambda: proper[:9] + "٣" + proper[10:],
        lambda: proper.replace("-", "_"),
        lambda: proper[:8] + proper[9:14] + "-" + proper[14:],
        lambda: "00000000-0000-0000-0000-00000000000A",
        lambda: anything(rng),
        lambda: proper,
        lambda: proper + "x" * 2000,
    )
    return rng.choice(spellings)()


def odd_time(rng: random.Random) -> Any:
    """A time in one of many spellings, or something that is not a time."""
    if rng.random() < 0.6:
        return rng.choice(TIMES)
    year = rng.choice((1969, 1970, 1999, 2024, 2026, 2026, 2026, 9999))
    day = f"{year:04}-{rng.randrange(0, 14):02}-{rng.randrange(0, 33):02}"
    clock = f"{rng.randrange(0, 25):02}:{rng.randrange(0, 61):02}:{rng.randrange(0, 61):02}"
    fraction = rng.choice(("", ".", "." + str(rng.randrange(10 ** rng.randrange(1, 12)))))
    offset = rng.choice(
        ("Z", "z", "", f"{rng.choice('+-')}{rng.randrange(0, 25):02}:{rng.randrange(0, 61):02}", "+00:00")
    )
    return day + rng.choice("TTTt _") + clock + fraction + offset


def odd_resource_id(rng: random.Random) -> Any:
    """The id of a worker or a runner, or something close to one."""
    word = rng.choice(("a", "process.w-1", "kubernetes.é", "x" * 1024, "y" * 1025, "", " ", "\x00", "A.B.C"))
    if rng.random() < 0.15:
        return anything(rng)
    begins = ("prefect.worker.", "prefect.runner.", "prefect.worker", "Prefect.worker.", "prefect.")
    return rng.choice((*begins, "prefect.kubernetes.pod.", "prefect.flow-run.", "prefect.ecs.task.")) + word


def odd_label(rng: random.Random) -> Any:
    """A value that a label may have."""
    return anything(rng) if rng.random() < 0.6 else rng.choice(("n", "Ω", "z" * 1024, "z" * 1025, "q" * 3000))


def odd_related(rng: random.Random) -> Any:
    """A related resource of any role, with an id that is right or nearly right."""
    if rng.random() < 0.1:
        return anything(rng)
    role = rng.choice(ROLES)
    kind = role if isinstance(role, str) and rng.random() < 0.85 else rng.choice(ROLES[:6])
    if role == "tag":
        id_: Any = rng.choice(("prefect.tag.", "prefect.tag.x", "prefect.tag.😀", "tag.x", "prefect.tags.x", 3, None))
        if rng.random() < 0.5:
            id_ = f"prefect.tag.t{rng.randrange(9)}"
    else:
        id_ = f"prefect.{kind}.{uuid_text(rng) if rng.random() < 0.6 else odd_uuid(rng)}"
        if rng.random() < 0.1:
            id_ = rng.choice((id_ + " ", id_.upper(), "x" + id_, id_.removeprefix("prefect."), None, 7))
    labels = {"prefect.resource.id": id_, "prefect.resource.role": role}
    if rng.random() < 0.7:
        labels["prefect.resource.name"] = odd_label(rng) if rng.random() < 0.5 else f"n{rng.randrange(5)}"
    if rng.random() < 0.3:
        labels |= odd_infrastructure(rng)
    for label in list(labels):
        if rng.random() < 0.03:
            del labels[label]
    return labels


def odd_infrastructure(rng: random.Random) -> dict[str, Any]:
    """The labels of a flow run about its infrastructure."""
    told: dict[str, Any] = {}
    if rng.random() < 0.7:
        told["prefect.infrastructure.status-code"] = rng.choice(STATUS_CODES)
    if rng.random() < 0.6:
        told["prefect.infrastructure.identifier"] = rng.choice(
            ("host:1", "", "pod", None, 7, "i" * 1025, {}, "a:b", "a:b:c", "a:b:c:d", "::", "c::arn")
        )
    return told

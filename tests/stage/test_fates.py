"""Nothing disappears: the fate of each input is counted, and the counts add up to the number of inputs."""

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from correlator.commands.replay import FATES
from support.events import pairs
from tests.commands.running import correlator
from tests.stage.generated import Shape, generate
from tests.stage.running import Stage

SHAPE = Shape(hours=6, runs=1200, workers=10, twins=2, witnessed=300)
OF_OURS = {"opened", "decided", "noted", "waiting", "duplicate"}
INVALID = [
    b'{"event":"prefect.worker.started"}',
    b'{"event":"prefect.worker.submitted-flow-run","id":"x"}',
    b'["prefect.runner.cancelled-flow-run"]',
    b'{"event":"prefect.kubernetes.pod.failed","id":"x"}',
    b'{"event":"prefect.flow-run.OutOfMoney","resource":{"prefect.state-type":"FAILED"}}',
    b'{"event":"prefect.worker.stopped",',
    b"prefect.worker.started \xff",
]
IGNORED = [
    b"",
    b"{}",
    b"[1]",
    b"\xff",
    b'{"event":"prefect.flow-run.Late"}',
    b'{"event":"prefect.task-run.Completed","resource":{"prefect.state-type":"COMPLETED"}}',
    b'{"event":"prefect.worker.polled"}',
]


def inputs() -> list[tuple[bytes | None, bytes | None]]:
    """A log with bad input in between, and tombstones."""
    rng = random.Random(5)
    records = list(generate(5, SHAPE).records(keyed=True))
    for value in (*INVALID * 20, *IGNORED * 20, *(None,) * 20):
        records.insert(rng.randrange(len(records)), (b"key", value))
    return records


def counted(line: str) -> Counter[str]:
    """``1,234 opened, 5 waiting`` as counts."""
    return Counter({fate: int(count.replace(",", "")) for count, fate in re.findall(r"([\d,]+) ([a-z-]+)", line)})


def expected(records: list[tuple[bytes | None, bytes | None]]) -> Counter[str]:
    """What of it is sure beforehand: foreign events are ignored, a second event of an id is a duplicate. Of a pod the
    last phase alone is remembered: a repeat of another may be noted.
    """
    sure: Counter[str] = Counter()
    seen: set[str] = set()
    for _, value in records:
        if value in INVALID:
            sure["bad"] += 1
        elif value is None or value in IGNORED or b'"prefect.flow-run.Pending"' in value:
            sure["ignored"] += 1
        else:
            event = orjson.loads(value)
            phase = ".pod." in event["event"]
            sure["phase again" if phase else "duplicate"] += event["id"] in seen
            seen.add(event["id"])
    return sure


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_the_worker_s_counts_add_up(new_stage: Callable[..., Stage], keyed_by: str) -> None:
    stage, records = new_stage(INPUT_KEYED_BY=keyed_by), inputs()
    assert await stage.feed(records) == len(records)
    worker = stage.start()
    await stage.until_done(workers=[worker])
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)
    (line,) = [line for line in stage.log(worker).splitlines() if "stopped: " in line]
    fates, sure = counted(line.partition("stopped: ")[2]), expected(records)

    assert set(fates) <= OF_OURS | {"ignored", "dead-lettered", "forwarded"}
    assert fates["ignored"] == sure["ignored"]
    assert fates["dead-lettered"] == sure["bad"] == len(await stage.read(stage.dead_letter))
    assert 0 <= fates["duplicate"] - sure["duplicate"] <= sure["phase again"]
    decided = sum(fates[fate] for fate in OF_OURS)
    assert fates["ignored"] + fates["dead-lettered"] + decided == len(records)
    assert fates["forwarded"] == (decided if keyed_by == "any" else 0), "all that intake forwards, correlate decides"


def test_the_counts_of_replay_add_up(tmp_path: Path) -> None:
    records = [(key, value) for key, value in inputs() if value is not None and b"\n" not in value]
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join((value or b"") + b"\n" for _, value in records))
    ended = correlator("replay", str(path))
    assert ended.returncode == 0, ended.stderr
    summary = ended.stderr.partition("┘\n")[2].partition("\ninvalid: ")[0]
    fates_told = summary.partition(" witnesses speak of no run")[0].rpartition("\n")[0] or summary
    told = (part.split(" ", 1) for part in " ".join(fates_told.split()).split("; "))
    meant = {words: fate for fate, words in FATES.items()}
    fates, sure = Counter({str(meant[words]): int(count.replace(",", "")) for count, words in told}), expected(records)
    assert set(fates) == OF_OURS | {"ignored", "invalid"}
    assert fates["ignored"] == sure["ignored"]
    assert fates["invalid"] == sure["bad"]
    assert 0 <= fates["duplicate"] - sure["duplicate"] <= sure["phase again"]
    assert fates.total() == len(records)
    assert f"{len(records):,} lines in " in ended.stderr


async def test_no_input_at_all(new_stage: Callable[..., Stage]) -> None:
    """A worker that read nothing says so."""
    stage = new_stage()
    worker = stage.start()
    await stage.until_said(worker, "holds")
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)
    assert "stopped: nothing was read" in stage.log(worker)


async def test_the_counts_of_two_workers_add_up(new_stage: Callable[..., Stage]) -> None:
    """Two workers that are stopped in order each count what they did."""
    count = 20_000
    stage = new_stage(INPUT_KEYED_BY="subject")
    await stage.feed(pairs(count))
    first = stage.start()
    await stage.until_published(count // 10)
    second = stage.start()
    await stage.until_done(workers=[first, second])
    fates: Counter[str] = Counter()
    for worker in (first, second):
        worker.terminate()
        assert worker.wait(20) == 0, stage.log(worker)
        fates += counted(stage.log(worker).splitlines()[-1].partition("stopped: ")[2])
    assert fates == {"opened": count, "decided": count}

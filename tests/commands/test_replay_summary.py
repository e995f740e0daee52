"""What ``correlator replay`` says on stderr when it is done: of each record its last version, as in the records."""

from collections import Counter

import orjson

from tests.commands.running import correlator
from tests.prefect.events import CANCELLED, EXECUTED, SUBMITTED, raw


def id_(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def test_an_amended_record_is_counted_as_it_stands(tmp_path):
    # a completed and then cancelled; b superseded by c, then completed
    log = [
        raw(SUBMITTED, id=id_(1), occurred="2026-11-23T15:00:00Z"),
        raw(EXECUTED, id=id_(2), occurred="2026-11-23T15:01:00Z", follows=id_(1)),
        raw(CANCELLED, id=id_(3), occurred="2026-11-23T15:01:04Z"),
        raw(SUBMITTED, id=id_(4), occurred="2026-11-23T15:02:00Z"),
        raw(SUBMITTED, id=id_(5), occurred="2026-11-23T15:03:00Z"),
        raw(SUBMITTED, id=id_(6), occurred="2026-11-23T15:19:00Z"),
        raw(EXECUTED, id=id_(7), occurred="2026-11-23T15:19:30Z", follows=id_(4)),
    ]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(log))
    done = correlator("replay", str(path), "--flush")
    assert done.returncode == 0
    last = {record["record_id"]: record["outcome"] for record in map(orjson.loads, done.stdout.splitlines())}
    rows = [line.split("│") for line in done.stderr.splitlines() if "flow-run-duration" in line]
    assert {outcome.strip(): int(count) for _, _, outcome, count, _ in rows} == Counter(last.values())
    assert Counter(last.values()) == {"cancelled": 1, "completed": 1, "superseded": 1, "lost": 1}

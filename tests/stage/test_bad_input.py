"""Bad input never stops the stage and never disappears: it is ignored (rule I1) or becomes a dead letter (rule I2)."""

from collections.abc import Callable

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from demo.session import SAMPLE
from support.events import pairs
from tests.stage.running import Stage

SUBMITTED = next(line for line in SAMPLE.read_bytes().splitlines() if b'"prefect.worker.submitted-flow-run"' in line)


def changed(**fields: object) -> bytes:
    """A submitted-flow-run event with other fields."""
    return orjson.dumps(orjson.loads(SUBMITTED) | fields)


INVALID = {  # by rule I2; with a part of the reason
    "not UTF-8": (SUBMITTED.replace(b'"Long Worker"', b'"\xff\xfe"'), "not UTF-8"),
    "not JSON": (SUBMITTED[:-20], "not JSON"),
    "JSON that is no object": (b'["prefect.worker.submitted-flow-run"]', "not an object"),
    "without its flow run": (changed(related=[]), "flow-run"),
    "an occurred that is no time": (changed(occurred="yesterday"), "occurred"),
    "follows that is no UUID": (changed(follows="the one before"), "follows"),
    "a megabyte of nesting": (b'{"event":"prefect.worker.started","payload":' + b"[" * 1_000_000, "not JSON"),
}
IGNORED = {  # by rule I1
    "a tombstone": None,
    "nothing": b"",
    "no JSON, and not of ours": b"\xff\xfe",
    "another event": b'{"event":"prefect.flow-run.Running"}',
    "a megabyte of nesting, and not of ours": b"[" * 1_000_000,
}


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_bad_input(new_stage: Callable[..., Stage], keyed_by: str) -> None:
    """Invalid events become dead letters with their bytes and the reason; all other events are processed."""
    stage = new_stage(INPUT_KEYED_BY=keyed_by)
    records = [(b"ignored", value) for value in IGNORED.values()]
    records += [(name.encode(), value) for name, (value, _) in INVALID.items()]
    await stage.feed([*records, *pairs(50)])
    worker = stage.start()
    await stage.until_done(workers=[worker])

    letters = {record.key: record for record in await stage.read(stage.dead_letter)}
    assert letters.keys() == {name.encode() for name in INVALID}
    for name, (value, reason) in INVALID.items():
        letter, headers = letters[name.encode()], dict(letters[name.encode()].headers)
        assert reason in headers["__streams.errors.message"].decode()
        assert headers["__streams.errors.exception"] == b"InvalidEvent"
        assert headers["__streams.errors.topic"] == stage.events.encode()
        assert headers["__streams.errors.partition"].isdigit()
        assert headers["__streams.errors.offset"].isdigit()
        assert letter.value == value or (len(value) > 1_000_000 and letter.value is None)
    assert len(await stage.records()) == 50

    worker.terminate()
    assert worker.wait(20) == 0
    assert f"{len(IGNORED)} ignored" in stage.log(worker)
    assert f"{len(INVALID)} dead-lettered" in stage.log(worker)


async def test_keys_and_headers_too_large_for_a_letter(new_stage: Callable[..., Stage]) -> None:
    """Compressed, they fit into the input, and their letters would be larger than the topic takes (rule I2)."""
    stage, large, invalid = new_stage(), b"x" * (2 << 20), INVALID["without its flow run"][0]
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.bootstrap_servers, compression_type="gzip", max_request_size=8 << 20
    )
    async with producer:
        await producer.send_and_wait(stage.events, invalid, key=large)
        await producer.send_and_wait(stage.events, invalid, key=b"headers", headers=[("original", large)])
    await stage.feed(pairs(50))
    worker = stage.start()
    await stage.until_done(workers=[worker])

    letters = {letter.key: dict(letter.headers) for letter in await stage.read(stage.dead_letter)}
    assert letters.keys() == {None, b"headers"}
    assert letters[None]["__streams.errors.key"].startswith(b"left out: 2097152 bytes")
    assert letters[b"headers"]["__streams.errors.headers"].startswith(b"left out: 2097")
    assert "original" not in letters[b"headers"]
    assert len(await stage.records()) == 50

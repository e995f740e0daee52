"""What the worker says on stderr."""

import logging

import pytest

from correlator.commands import logs


def record(name: str, message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, None)


@pytest.mark.parametrize(
    "logger, times",
    [
        ("aiokafka.conn", 1),
        ("faust.transport.consumer", 1),
        ("correlator.engine.consumer", 4),
        ("correlator.engine.holding", 4),
    ],
)
def test_a_library_s_message_is_said_once_and_each_of_ours(logger: str, times: int) -> None:
    """aiokafka has an error per connection and 100 ms; we have a warning of each partition whose state is lost."""
    sparing = logs.Sparing()
    said = [sparing.filter(record(logger, "%s", f"partition {partition}")) for partition in range(4)]
    assert sum(said) == times


def test_a_library_s_wording_comes_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    sparing = logs.Sparing()
    assert sparing.filter(record("aiokafka", "no connection to %s", "one"))
    assert not sparing.filter(record("aiokafka", "no connection to %s", "two"))
    assert sparing.filter(record("aiokafka", "another wording"))
    now += logs.QUIET_FOR
    assert sparing.filter(record("aiokafka", "no connection to %s", "three"))

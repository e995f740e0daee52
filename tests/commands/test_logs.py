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


class Log:
    """What passes, as it is read, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sparing = logs.Sparing(lambda: self.now)
        self.lines: list[str] = []

    def say(self, message: str, *args: object) -> None:
        said = record("aiokafka", message, *args)
        if self.sparing.filter(said):
            self.lines.append(said.getMessage())


def test_a_library_s_wording_comes_again_after_a_while_and_says_how_many_were_held_back() -> None:
    log = Log()
    for broker in ("one", "two", "three"):
        log.say("no connection to %s", broker)
    log.say("another wording")
    log.now += logs.QUIET_FOR
    log.say("no connection to %s, 100%%", "none")
    log.say("no connection to %s", "four")
    log.now += logs.QUIET_FOR
    log.say("no connection to %s", "five")
    assert log.lines == [
        "no connection to one",
        "another wording",
        "no connection to none, 100%",
        "no connection to four (2 more like it)",
        "no connection to five",
    ]


def test_what_a_library_says_once_is_forgotten() -> None:
    """Some libraries format a message before they log it: each has a wording of its own."""
    log = Log()
    for number in range(1000):
        log.say(f"request {number} failed")
        log.now += logs.FORGOTTEN_AFTER / 10
    assert len(log.sparing._said) <= 10

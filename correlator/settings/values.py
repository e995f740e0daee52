"""The types of settings' values. Each checks a value, and its error says in a few words what is expected."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from correlator.address import address
from correlator.internal_names import CHANGELOG_SUFFIX, LONGEST_NAME
from correlator.settings import durations

EVERY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 - nothing is served here
"""The hosts that stand for all addresses of a machine. Nobody can be reached at them."""

_LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_SERVER = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^\s:/\[\],]+)(?::([0-9]{1,5}))?")
_WORKER_TYPE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_PREFIX_OF_NAMES = re.compile(r"[!-+\--~]+")
_URI_REFERENCE = re.compile(r"[!-~]+")
_EPOCH = 1970


def _name(value: str) -> str:
    if not _LEGAL_NAME.fullmatch(value) or value in {".", ".."}:
        raise ValueError("must consist of letters, digits, '.', '_' and '-' (Kafka allows no others)")
    if len(value) > LONGEST_NAME:
        raise ValueError(f"must not be longer than {LONGEST_NAME} characters (Kafka's limit)")
    return value


def _app_id(value: str) -> str:
    longest = LONGEST_NAME - len(CHANGELOG_SUFFIX)
    if len(value) > longest:
        raise ValueError(f"must not be longer than {longest} characters, as topics are named after it")
    return _name(value)


def _servers(value: object) -> object:
    if not isinstance(value, str):
        return value
    servers = list[str]()
    for server in (part.strip() for part in value.split(",")):
        match = _SERVER.fullmatch(server)
        if match is None or not 0 < int(match[1] or 9092) < 2**16:
            raise ValueError("must be host:port, or several with commas between, such as kafka-1:9092,kafka-2:9092")
        servers.append(server if match[1] else f"{server}:9092")
    return tuple(servers)


def _several(one: re.Pattern[str], none: str, expected: str) -> BeforeValidator:
    """A check for texts separated by commas, of which each counts once; the word ``none`` alone stands for no text."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        texts = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
        if not all(map(one.fullmatch, texts)) or (none in texts and len(texts) > 1):
            raise ValueError(f"must be {expected}; or {none}")
        return () if texts == (none,) else texts

    return BeforeValidator(check)


def _time(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        time = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        raise ValueError("must be a date or a time, such as 2026-11-01 or 2026-11-01T08:00:00Z") from None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if time.year < _EPOCH:
        raise ValueError(f"must not lie before {_EPOCH}")
    return time


def _advertised(value: str) -> str:
    address(value, 1)
    return value


def _source(value: str) -> str:
    if not _URI_REFERENCE.fullmatch(value):
        raise ValueError("must be a URI reference: printable ASCII without blanks, such as the app id or a URL")
    return value


def _duration(value: object) -> object:
    return durations.parse(value) if isinstance(value, str) else value


def _at_least(least: timedelta) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if value < least:
            raise ValueError(f"must be at least {durations.show(least)}; write it as {durations.EXPECTED}")
        return value

    return AfterValidator(check)


def _at_most(most: timedelta) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if value > most:
            raise ValueError(f"must be at most {durations.show(most)}")
        return value

    return AfterValidator(check)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Servers = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_servers)]
"""Kafka addresses, ``host:port`` each; the port may be left out (9092)."""

WorkerTypes = Annotated[
    tuple[str, ...],
    NoDecode,
    _several(_WORKER_TYPE, "none", "types of workers with commas between, such as kubernetes,ecs"),
]
"""Types of Prefect workers, as in their label `prefect.worker-type`; ``none`` for none."""

Prefixes = Annotated[
    tuple[str, ...],
    NoDecode,
    _several(_PREFIX_OF_NAMES, "all", "beginnings of events' names with commas between, such as prefect.worker."),
]
"""Prefixes of events' names. No prefix, written ``all``, stands for all events."""

Time = Annotated[datetime, BeforeValidator(_time)]
"""A date or a time, in UTC unless it has an offset."""

Name = Annotated[str, AfterValidator(_name)]
"""A name that Kafka accepts for a topic and for a static member of a group."""

AppId = Annotated[str, AfterValidator(_app_id)]
"""A name that the names of our topics can begin with."""

Advertised = Annotated[str, AfterValidator(_advertised)]
"""``host`` or ``host:port``."""

Source = Annotated[str, AfterValidator(_source)]
"""A CloudEvents source: a URI reference that is not empty."""

Duration = Annotated[timedelta, BeforeValidator(_duration), _at_least(timedelta(0))]
PositiveDuration = Annotated[timedelta, BeforeValidator(_duration), _at_least(timedelta(microseconds=1))]
Window = Annotated[timedelta, BeforeValidator(_duration), _at_least(timedelta(minutes=30)), _at_most(timedelta(days=7))]
SessionTimeout = Annotated[timedelta, BeforeValidator(_duration), _at_least(timedelta(seconds=1))]

AnyCase = BeforeValidator(_lower)
"""Makes a choice of lower-case words accept any case."""

UpperCase = BeforeValidator(_upper)
"""Makes a choice of upper-case words accept any case."""

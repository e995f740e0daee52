"""The one module that knows the project's present interfaces: it says in plain terms what the project decides.

`decode`, `replay` and `stage` are all that `teller` asks for. What they return is the same whatever the project's types
are: ``dict``, ``list``, ``str``, ``int``, ``bool`` and None, bytes as text of their code points (`_text`). This file
stands alone: it is loaded by its path, with another checkout's code.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson
from msgspec.structs import asdict

from correlator import core, prefect, records, wire
from correlator.core import Lifecycle, bounds
from correlator.core.lifecycle import Version
from correlator.engine import Message, Slice, Step
from correlator.event import Details, Event, Kind
from correlator.partitioner import partition_for
from correlator.replay import Replay
from correlator.stage import correlate
from correlator.stage.arriving import OneHop, TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.intake import Intake
from correlator.stage.tally import Tally

Said = dict[str, Any]

SOURCE = "same"
DETACHED = ("kubernetes", "ecs")
"""The types of detached workers, for single events."""


def _reading(max_tags: int, detached: Iterable[str] = DETACHED) -> prefect.Reading:
    return prefect.Reading(max_tags, frozenset(detached))


# Single events


def decode(value: bytes | None, max_tags: int) -> Said:
    """What a raw record says: ``is`` nothing, invalid (with the ``reason``), an event (with every field)."""
    try:
        decoded = prefect.decode(value, _reading(max_tags))
    except prefect.InvalidEvent as reason:
        return {"is": "invalid", "reason": str(reason)}
    if decoded is None:
        return {"is": "nothing"}
    received = decoded.received
    sent = wire.Forwarded(
        decoded.kind, decoded.event, decoded.details, 3 if received is None else received, 1, 2, received
    )
    got = wire.decode(decoded.subject.encode(), wire.encode(sent))
    return {
        "is": "event",
        **_event(decoded),
        "received": received,
        "over the wire": "same" if got == sent else repr(got),
    }


def _event(decoded: prefect.Decoded) -> Said:
    event = decoded.event
    details = _details(decoded.kind, decoded.subject, event, decoded.details)
    return {
        "kind": str(decoded.kind),
        "role": str(event.role),
        "id": event.id,
        "subject": decoded.subject,
        "occurred": event.occurred,
        "worker": event.worker,
        "follows": event.follows,
        "truncated": event.truncated,
        "detached": event.detached,
        "said": None if event.said is None else {"what": type(event.said).__name__, **asdict(event.said)},
        "details": {part: details[part] for part in sorted(details)},
    }


def _details(kind: Kind, subject: str, event: Event, told: Details) -> Said:
    """The details of an event, by part of a record, without the parts that it lacks."""
    parts: Said = {
        name: asdict(part)
        for name in ("flow", "deployment", "work_pool", "worker", "runner")
        if (part := getattr(told, name)) is not None
    }
    if kind is Kind.FLOW_RUN:
        parts["flow_run"] = {"id": subject, "name": told.flow_run_name}
    if told.tags:
        parts["tags"] = list(told.tags)
    if event.infrastructure is not None:
        parts["infrastructure"] = asdict(event.infrastructure)
    return parts


# What is decided


def _record(lifecycle: Lifecycle) -> Said:
    """A lifecycle in its published form."""
    kind, key, value, headers = records.render(lifecycle, SOURCE)
    return {
        "kind": str(kind),
        "cause": lifecycle.cause,
        "replaces": lifecycle.replaces and str(lifecycle.replaces.outcome),
        "published before": _version(lifecycle.replaces),
        "evicted": lifecycle.evicted,
        "key": _text(key),
        "value": _text(value),
        "headers": [[name, _text(text)] for name, text in headers],
    }


def _version(version: Version | None) -> Said | None:
    return None if version is None else asdict(version)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


class _Sized(bytes):
    """A table entry that reports another size than it has."""

    size: int

    def __len__(self) -> int:
        return self.size


_encode = core.encode


def _neutral(state: core.SubjectState) -> bytes:
    """The state as bytes that say a size which does not depend on how states are written: where entries are bounded
    more tightly than in practice, the same events must be dropped in every format. By event: 200, and its details as
    JSON; a witness tells nothing besides.
    """
    value = _Sized(_encode(state))
    known = (*state.starts, *state.ends, *state.cancellations)
    told = (_details(state.kind, state.subject, it.event, it.details or state.details) for it in known)
    value.size = sum(200 + len(orjson.dumps(parts)) for parts in told) + 200 * len(state.witnesses)
    return value


def _rules(log: Said) -> core.Rules:
    rules = core.Rules(**log["rules"])
    encode = _encode if rules.max_entry_bytes == core.Rules().max_entry_bytes else _neutral
    setattr(bounds, "encode", encode)  # noqa: B010 - mypy: it is not exported
    return rules


def replay(log: Said) -> Iterator[Said]:
    """What `replay` makes of the lines: an item for each, then for the end, for what is open, and for --flush."""
    wall = [line[5] for line in log["lines"]]
    now = wall[0] if wall else 0
    it = Replay(_rules(log), _reading(log["max_tags"], log["detached"]), wall_clock=lambda: now)
    before = Counter[str]()
    for number, line in enumerate(log["lines"]):
        now = wall[number]
        said: Said = {"at": number}
        try:
            said["records"] = [_record(lifecycle) for lifecycle in it.read(line[0] or b"")]
        except prefect.InvalidEvent as reason:
            said["reason"] = str(reason)
        (said["fate"],) = map(str, it.fates - before)
        before = it.fates.copy()
        yield said
    yield {"at": "end", "records": [_record(lifecycle) for lifecycle in it.end()]}
    yield {"at": "open", "open": [_record(lifecycle) for lifecycle in it.open()]}
    yield {"at": "flush", "records": [_record(lifecycle) for lifecycle in it.flush()]}


# The stage


class _Record(NamedTuple):
    """A record as the consumer returns it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


class _Entries:
    """Stands in for the engine's table; changes are committed at once."""

    changelog_topic_name = "changelog"

    def __init__(self) -> None:
        self.partitions = dict[int, dict[bytes, bytes]]()

    def entries(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.partitions.get(partition, {}).items())

    def get_committed(self, partition: int, key: bytes) -> bytes | None:
        return self.partitions.get(partition, {}).get(key)

    def stamp(self, partition: int) -> object:
        """A stamp that is never the same, so that a returning partition is restored from its entries."""
        return object()

    def commit(self, partition: int, changes: Mapping[bytes, bytes | None]) -> None:
        entries = self.partitions.setdefault(partition, {})
        for key, value in changes.items():
            if value is None:
                del entries[key]
            else:
                entries[key] = bytes(value)


class _Stage:
    """Intake and correlate without a broker."""

    def __init__(self, log: Said) -> None:
        self._lines, self._wall, self._offsets = log["lines"], 0, Counter[object]()
        self._two = log["hops"] == 2
        self._tallies: list[Tally] = []
        self._most, reading = log["max_record"], _reading(log["max_tags"], log["detached"])
        correlate.FULL = log["most"]
        letters = DeadLetters("dead-letters", 2, 3000 if self._most < 2000 else 1 << 20)
        clock: Callable[[], int] = lambda: self._wall  # noqa: E731
        self._table = _Entries()
        input_ = TwoHops() if self._two else OneHop(reading, wall_clock=clock)
        self._correlate = Correlate(input_, self._table, self._publish, letters, _rules(log), self)  # type: ignore[arg-type]
        self._intake = Intake("lifecycles", log["parts"], log["raw"], letters, reading, wall_clock=clock, counts=self)
        self._parts, self._raw = log["parts"], log["raw"]
        self._waiting: list[deque[_Record]] = [deque() for _ in range(self._parts)]

    def add(self, tally: Tally) -> None:
        """Take in the counts of a transaction."""
        self._tallies.append(tally)

    def run(self, steps: Iterable[tuple[Any, ...]]) -> Iterator[Said]:
        """An item for each transaction, then one for what is left."""
        for part in range(self._parts):
            yield from self._taken("assigned", part, self._correlate.assigned(part, 0))
        for partition in range(self._raw if self._two else 0):
            yield from self._forwarded("assigned", self._intake.assigned(partition, 0))
        for number, (what, place, *how) in enumerate(steps):
            yield from self._step(f"{number} {what}", what, place, how)
        yield {
            "at": "left",
            "entries": {str(part): len(entries) for part, entries in sorted(self._table.partitions.items())},
            "still open": [
                {name: list(it) for name, it in self._correlate.open_by_pool(kind).items()} for kind in Kind
            ],
            "oldest": [
                _record(it)
                for kind in Kind
                for part in self._correlate.partitions
                for it in (self._correlate.open_in(part, kind, 3) or (0, []))[1]
            ],
        }

    def _step(self, at: str, what: str, place: int, how: list[Any]) -> Iterator[Said]:
        match what:
            case "read":
                (numbers,) = how
                first, last = self._offset(what, place, len(numbers))
                self._wall = max(self._wall, self._lines[numbers[-1]][5])
                got = [
                    _Record(first + n, line[2], line[0], line[3], line[4], (("traced", b"\xfe"),))
                    for n, line in enumerate(self._lines[number] for number in numbers)
                ]
                slice_ = Slice("raw", place, first, last, got)
                if self._two:
                    yield from self._forwarded(at, self._intake(slice_))
                else:
                    yield from self._taken(at, place, self._correlate(slice_))
            case "rest":
                caught_up, self._wall = how[0], max(self._wall, how[1])
                yield from self._forwarded(at, self._intake.idle(place, 1, caught_up=caught_up))
            case "decide":
                waiting = self._waiting[place]
                taken = [waiting.popleft() for _ in range(min(how[0], len(waiting)))]
                if taken:
                    slice_ = Slice("lifecycles", place, taken[0].offset, taken[-1].offset + 1, taken)
                    yield from self._taken(at, place, self._correlate(slice_))
            case "decide rest":
                caught_up, self._wall = how[0], max(self._wall, how[1])
                yield from self._taken(at, place, self._correlate.idle(place, 1, caught_up=caught_up))
            case "hand over":
                self._correlate.revoked(place)
                yield from self._taken(at, place, self._correlate.assigned(place, 1))
            case "hand over raw":
                self._intake.revoked(place)
                yield from self._forwarded(at, self._intake.assigned(place, 1))

    def _offset(self, what: str, place: int, count: int) -> tuple[int, int]:
        first = self._offsets[what, place]
        self._offsets[what, place] += count
        return first, first + count

    def _forwarded(self, at: str, transactions: Iterable[Step]) -> Iterator[Said]:
        """The items of intake's transactions. What goes to correlate appears only by partition and key: its format may
        change.
        """
        for transaction in transactions:
            forwarded: list[list[Any]] = []
            others: list[Message] = []
            for it in transaction.messages:
                if it.topic != "lifecycles":
                    others.append(it)
                    continue
                forwarded.append([it.partition, _text(it.key)])
                offset, _ = self._offset("forwarded", it.partition, 1)
                self._waiting[it.partition].append(_Record(offset, it.key, it.value))
            yield {**self._said(at, transaction, others), "forwarded": forwarded}

    def _taken(self, at: str, part: int, transactions: Iterable[Step]) -> Iterator[Said]:
        """The items of correlate's transactions, without the changelog's values: their format may change."""
        for transaction in transactions:
            self._table.commit(part, transaction.changes)
            yield self._said(at, transaction, transaction.messages)

    def _said(self, at: str, transaction: Step, messages: Iterable[Message]) -> Said:
        if transaction.committed is not None:
            transaction.committed()
        said: Said = {
            "at": at,
            "end": transaction.end,
            "messages": [
                {
                    "topic": it.topic,
                    "partition": it.partition,
                    "key": _text(it.key),
                    "value": _text(it.value),
                    "headers": [[name, _text(text)] for name, text in it.headers],
                }
                for it in messages
            ],
            "tallies": [_tally(tally) for tally in self._tallies],
        }
        self._tallies.clear()
        return said

    def _publish(self, partition: int, lifecycle: Lifecycle) -> Message:
        kind, key, value, headers = records.render(lifecycle, SOURCE)
        if len(value) > self._most:
            kind, key, value, headers = records.render(records.bare(lifecycle), SOURCE)
        return Message(kind, partition_for(key, 3), key, value, headers)


def _tally(tally: Tally) -> Said:
    return {
        "stage": tally.stage,
        "events": sorted(
            [
                [f"{event[0]} {event[1]}" if event else "none", str(fate), count]
                for (event, fate), count in tally.events.items()
            ]
        ),
        "dead letters": sorted([list(it) for it in tally.dead_letters.items()]),
        "records": dict(
            sorted(
                (f"{kind} {outcome} {matched_by} {amended}", count)
                for (kind, outcome, matched_by, amended), count in tally.records.items()
            )
        ),
        "evicted": dict(sorted((f"{kind} {outcome}", count) for (kind, outcome), count in tally.evicted.items())),
        "truncated": dict(sorted((str(kind), count) for kind, count in tally.truncated.items())),
        "arrivals": sorted([str(kind), at] for kind, arrivals in tally.arrivals.items() for at in arrivals),
        "spans": sorted(
            [str(kind), pool, str(outcome), str(ended_by), span]
            for (kind, pool, outcome, ended_by), spans in tally.spans.items()
            for span in spans
        ),
        "startups": sorted([pool, span] for pool, spans in tally.startups.items() for span in spans),
        "states": sorted([pool, str(type_), count] for (pool, type_), count in tally.states.items()),
        "unclaimed": tally.unclaimed,
        "silent": tally.silent,
    }


def stage(log: Said) -> Iterator[Said]:
    """What the stage makes of the lines: an item for each transaction, and for what is left at the end."""
    return _Stage(log).run(log["steps"])

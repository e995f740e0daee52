"""Single events, mutated: from the sample, the fuzzer's corpus, and made-up ones. The same seed gives the same."""

import base64
import random
from pathlib import Path
from typing import Any, Final

import orjson

from demo.session import SESSIONS, lines
from support import events
from tests.same import oddities as odd
from tests.same.odd_json import Raw, Style, write
from tests.same.witnesses import NAMES as PHASES
from tests.same.witnesses import STATE_TYPES, witness

_ROOT: Final = Path(__file__).parents[2]
_CORPUS: Final = _ROOT / "tests" / "fuzz" / "corpus.txt"

_LARGE: Final = 70_000
"""Bytes beyond which an event is trimmed."""

_BAD_BYTES: Final = (
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
    b"\x00",
    b"\xc0\xaf",
    b"\xef\xbb\xbf",
    b"\x80",
    b"\x1f",
    b"\x7f",
)
_BAD_TEXT: Final = (
    b"\\ud800",
    b"\\udc00",
    b"\\ud800\\u0041",
    b"\\ud83d\\ude00",
    b"\\u0000",
    b"\\u00",
    b"\\x",
    b"NaN",
    b"Infinity",
)

_ROLE: Final = "prefect.resource.role"
_LABELS: Final = (
    *("prefect.resource.name", "prefect.version", "prefect.worker-type"),
    *("prefect.state-type", "prefect.state-name", "kubernetes.reason", "ecs.taskArn"),
)
_VALUES: Final = ("kubernetes", "ecs", "process", *STATE_TYPES, "PENDING")

_STYLES: Final = (
    Style(),
    Style(shuffled=1.0),
    Style(blank=0.3),
    Style(escape=0.3),
    Style(twice=0.3),
    Style(blank=0.2, escape=0.1, shuffled=0.5, twice=0.1),
)


class Singles:
    """A source of mutated events."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        said = [line for path in SESSIONS for line in lines(path)]
        marks = [text.encode() for text in (*odd.NAMES, *PHASES, *(f'-type": "{type_}"' for type_ in STATE_TYPES))]
        ours = [line for line in said if any(mark in line for mark in marks)]
        rows = (line.split(" ") for line in _CORPUS.read_text().splitlines())
        self._corpus = [base64.b64decode(value) for target, value in rows if target == "raw"]
        mine = set(ours)
        self._ours = [orjson.loads(line) for line in ours]
        self._others = [orjson.loads(line) for line in said if line not in mine]

    def next(self) -> bytes | None:
        """Another event; None is a tombstone."""
        rng = self._rng
        chance = rng.random()
        if chance < 0.003:
            return rng.choice((None, None, b"", b" ", b"null", b"{}", b"[]"))
        if chance < 0.05:
            return self._bytes(rng.choice(self._corpus)) if rng.random() < 0.8 else rng.choice(self._corpus)
        event = self._event()
        if chance < 0.9:
            for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 5))):
                event = self._mutated(event)
        if rng.random() < 0.003:
            event = self._large(event)
        value = self._written(event)
        return self._bytes(value) if rng.random() < 0.12 else value

    def _event(self) -> Any:
        """A valid event, fresh at its first two levels."""
        rng = self._rng
        chance = rng.random()
        if chance < 0.2:
            occurred = rng.choice(self._ours)["occurred"] if rng.random() < 0.9 else odd.odd_time(rng)
            return {"occurred": occurred, **witness(rng, odd.uuid_text(rng))}
        if chance < 0.55:
            name = rng.choice(odd.NAMES)
            worker = f"prefect.worker.{rng.choice(('process', 'docker', 'kubernetes', 'ecs'))}.w-{rng.randrange(50)}"
            subject = worker if name in odd.NAMES[:2] else odd.uuid_text(rng)
            follows = odd.uuid_text(rng) if "ed-flow" not in name and rng.random() < 0.5 else None
            occurred = rng.randrange(1_700_000_000_000_000, 1_800_000_000_000_000)
            event = orjson.loads(events.event(name, odd.uuid_text(rng), occurred, subject, worker, follows))
            if rng.random() < 0.5:
                event["received"] = rng.choice((event["occurred"], odd.odd_time(rng)))
        else:
            known = rng.choice(self._ours) if chance < 0.93 else rng.choice(self._others)
            event = {key: _copy(value) for key, value in known.items()}
        return event

    def _written(self, event: Any) -> bytes:
        style = self._rng.choice(_STYLES) if self._rng.random() < 0.3 else _STYLES[0]
        if style is _STYLES[0]:
            try:
                return orjson.dumps(event)
            except TypeError:  # it holds what is written as it is
                pass
        return write(event, self._rng, style)

    def _mutated(self, event: Any) -> Any:
        """The event with one more change."""
        rng = self._rng
        if not isinstance(event, dict):
            return event
        match rng.randrange(24):
            case 0:
                event["id"] = odd.odd_uuid(rng)
            case 1:
                event["follows"] = rng.choice((odd.odd_uuid(rng), odd.uuid_text(rng), None))
            case 2 | 3:
                event["occurred"] = odd.odd_time(rng)
            case 4:
                event["received"] = odd.odd_time(rng)
            case 5:
                event["event"] = rng.choice((*odd.NAMES, *odd.NAMES, *PHASES, *odd.NEAR_NAMES, odd.anything(rng)))
                if rng.random() < 0.3:
                    event["payload"] = {"name": rng.choice(odd.NAMES)}
            case 6:
                event[rng.choice(list(event) or ["id"])] = odd.anything(rng)
            case 7:
                event.pop(rng.choice(list(event) or ["id"]), None)
            case 8:
                event["resource"] = odd.anything(rng)
            case 9 | 10:
                self._label(event.get("resource"))
            case 11:
                self._own(event.get("resource"))
            case 12:
                event["related"] = odd.anything(rng)
            case 13 | 14 | 15 | 16:
                self._related(event)
            case 17 | 18:
                self._infrastructure(event)
            case 19:
                self._tags(event)
            case 20:
                event["payload"] = rng.choice(
                    (event.copy(), [odd.NAMES[0]], Raw(rng.choice(odd.EXTREME_NUMBERS).encode()))
                )
            case 21:
                event[rng.choice(list(event) or ["id"])] = Raw(
                    rng.choice((*_BAD_TEXT, b'"\\ud83d"', b'"\\ud83d\\ude00"'))
                )
            case 22:
                return rng.choice(([event], [event.get("event")], event.get("event"), {"event": event}, 7, None))
            case _:
                name = rng.choice(list(event) or ["id"])
                event[rng.choice((name.upper(), name + " ", "x" + name))] = event.pop(name, None)
        return event

    def _own(self, labels: Any) -> None:
        if isinstance(labels, dict):
            labels["prefect.resource.id"] = odd.odd_resource_id(self._rng)

    def _label(self, labels: Any) -> None:
        rng = self._rng
        if not isinstance(labels, dict) or not labels:
            return
        name = rng.choice(list(labels))
        match rng.randrange(4):
            case 0:
                del labels[name]
            case 1:
                labels[name] = odd.odd_label(rng)
            case 2:
                labels[rng.choice(list(labels))] = labels[name]
            case _:
                labels[rng.choice(_LABELS)] = odd.odd_label(rng) if rng.random() < 0.7 else rng.choice(_VALUES)

    def _related(self, event: dict[str, Any]) -> None:
        rng, related = self._rng, event.get("related")
        if not isinstance(related, list):
            event["related"] = [odd.odd_related(rng) for _ in range(rng.randrange(6))]
            return
        place = rng.randrange(len(related) + 1)
        match rng.randrange(6):
            case 0:
                related.insert(place, odd.odd_related(rng))
            case 1:
                related[place : place + 1] = []
            case 2:
                related[place : place + 1] = [odd.odd_related(rng)]
            case 3:
                rng.shuffle(related)
            case 4 if related:
                other = _copy(rng.choice(related))
                self._label(other)
                related.insert(place, other)
            case _ if related:
                self._label(rng.choice(related))

    def _infrastructure(self, event: dict[str, Any]) -> None:
        related = event.get("related")
        if isinstance(related, list):
            for labels in related:
                if isinstance(labels, dict) and labels.get("prefect.resource.role") == "flow-run":
                    labels.update(odd.odd_infrastructure(self._rng))

    def _tags(self, event: dict[str, Any]) -> None:
        rng, related = self._rng, event.get("related")
        if isinstance(related, list):
            for _ in range(rng.choice((1, 2, 5, 8, 30))):
                tag = rng.choice((f"t{rng.randrange(12)}", f"é{rng.randrange(5)}", "", "😀", "A" * rng.randrange(30)))
                related.insert(
                    rng.randrange(len(related) + 1),
                    {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"},
                )

    def _large(self, event: Any) -> Any:
        """The event, made large enough to be trimmed."""
        rng = self._rng
        if not isinstance(event, dict):
            return event
        related = event.get("related")
        match rng.randrange(6):
            case 5 if isinstance(related, list):  # as many bytes of tags as may be, or one more
                sizes = [128] * 511 + [128 + rng.choice((-1, 0, 0, 1, 1, 8))] * 2
                tags = [f"{number:03}{'x' * (size - 6)}" for number, size in enumerate(sizes)]
                event["related"] = [it for it in related if not isinstance(it, dict) or it.get(_ROLE) != "tag"]
                event["related"] += [{"prefect.resource.id": f"prefect.tag.{tag}", _ROLE: "tag"} for tag in tags]
            case 0 | 1 if isinstance(related, list):
                length, character = rng.choice((30, 200, 1024, 1025, 5000)), rng.choice('xé😀"')
                for number in range(_LARGE // (length + 30) + rng.randrange(200)):
                    tag = f"prefect.tag.{number}{character * rng.randrange(length - 10, length + 1)}"
                    related.append({"prefect.resource.id": tag, "prefect.resource.role": "tag"})
            case 2 if isinstance(event.get("resource"), dict):
                name = rng.choice(
                    ("prefect.resource.name", "prefect.version", "prefect.worker-type", "prefect.resource.id")
                )
                length = rng.choice((1023, 1024, 1025, 66_000))
                event["resource"][name] = ("prefect.worker.x." + "n" * length)[:length]
                event["payload"] = {"p": "p" * _LARGE}
            case 3 if isinstance(related, list):
                for labels in related:
                    if isinstance(labels, dict) and rng.random() < 0.7:
                        labels["prefect.resource.name"] = "ö" * rng.choice((1024, 1025))
                        labels["prefect.infrastructure.identifier"] = "i" * rng.choice((1024, 1025))
                event["payload"] = "p" * _LARGE
            case _:
                event["payload"] = {"p": "p" * rng.choice((64_000, 65_000, 65_536, _LARGE))}
                self._label(event.get("resource"))
        return event

    def _bytes(self, value: bytes) -> bytes:
        """The bytes with a few of them changed."""
        rng = self._rng
        for _ in range(rng.choice((1, 1, 2, 4))):
            place = rng.randrange(len(value) + 1)
            match rng.randrange(8):
                case 0 | 1:
                    value = value[:place] + bytes([rng.randrange(256)]) + value[place + 1 :]
                case 2:
                    value = value[:place] + rng.choice(_BAD_BYTES) + value[place:]
                case 3:
                    value = value[:place] + rng.choice(_BAD_TEXT) + value[place:]
                case 4:
                    value = value[:place] + value[place + rng.choice((1, 1, 3, 50)) :]
                case 5:
                    value = value[:place]
                case 6:
                    value = rng.choice(
                        (value + b"}", value + b" x", b"\xef\xbb\xbf" + value, b" \n\t" + value, value * 2)
                    )
                case _:
                    value = (
                        value[:place]
                        + bytes([value[place] ^ (1 << rng.randrange(8))] if place < len(value) else b"")
                        + value[place + 1 :]
                    )
        return value


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_copy(member) for member in value]
    return value

"""JSON that nobody writes but everyone must read: keys in any order, blanks, escapes, duplicate keys."""

import random
from typing import Any, Final, NamedTuple

import orjson


class Raw(NamedTuple):
    """Bytes that are written verbatim."""

    text: bytes


class Style(NamedTuple):
    """How often each oddity is written."""

    blank: float = 0.0
    escape: float = 0.0
    shuffled: float = 0.0
    twice: float = 0.0


_BLANKS: Final = (b" ", b"\n", b"\t", b"  ", b"\r\n", b" \t ", b"      ")
_SHORT: Final = {
    '"': b'\\"',
    "\\": b"\\\\",
    "/": b"\\/",
    "\n": b"\\n",
    "\t": b"\\t",
    "\b": b"\\b",
    "\f": b"\\f",
    "\r": b"\\r",
}


def write(value: Any, rng: random.Random, style: Style) -> bytes:
    """The value as JSON in a style."""
    out: list[bytes] = []
    _write(value, rng, style, out)
    return b"".join(out)


def _write(value: Any, rng: random.Random, style: Style, out: list[bytes]) -> None:
    random_ = rng.random
    if isinstance(value, dict):
        members = list(value.items())
        if random_() < style.shuffled:
            rng.shuffle(members)
        if members and random_() < style.twice:
            name, other = rng.choice(members)
            members.insert(
                rng.randrange(len(members) + 1), (name, rng.choice(members)[1] if random_() < 0.5 else other)
            )
        out.append(b"{")
        for number, (name, member) in enumerate(members):
            if number:
                out.append(b",")
            _blank(rng, style, out)
            out.append(_text(name, rng, style.escape * 0.15))
            _blank(rng, style, out)
            out.append(b":")
            _blank(rng, style, out)
            _write(member, rng, style, out)
            _blank(rng, style, out)
        out.append(b"}")
    elif isinstance(value, list):
        out.append(b"[")
        for number, member in enumerate(value):
            if number:
                out.append(b",")
            _blank(rng, style, out)
            _write(member, rng, style, out)
        out.append(b"]")
    elif isinstance(value, Raw):
        out.append(value.text)
    elif isinstance(value, str):
        out.append(_text(value, rng, style.escape))
    else:
        out.append(orjson.dumps(value))


def _blank(rng: random.Random, style: Style, out: list[bytes]) -> None:
    if style.blank and rng.random() < style.blank:
        out.append(rng.choice(_BLANKS))


def _text(text: str, rng: random.Random, escape: float) -> bytes:
    if not escape or len(text) > 5000 or rng.random() > escape:
        return orjson.dumps(text)
    often = rng.choice((0.02, 0.3, 1.0))
    return b'"' + b"".join(_character(it, rng) if rng.random() < often else _plain(it) for it in text) + b'"'


def _plain(character: str) -> bytes:
    return orjson.dumps(character)[1:-1]


def _character(character: str, rng: random.Random) -> bytes:
    if character in _SHORT and rng.random() < 0.5:
        return _SHORT[character]
    units = character.encode("utf-16-be")
    upper = rng.random() < 0.5
    return b"".join(
        b"\\u" + (units[at : at + 2].hex().upper() if upper else units[at : at + 2].hex()).encode()
        for at in range(0, len(units), 2)
    )

"""Answers what a checkout makes of inputs: ``python -P teller.py FACE``, with that checkout on PYTHONPATH.

FACE is the file that knows the checkout's interfaces (`today`). Batches come by stdin and answers go to stdout, both
marshalled. A batch is a list of inputs: ``("single", value, max_tags)`` or ``("log", log)``. An answer is a dict of
counts, and for each input its canonical lines. This file stands alone, as it runs beside other code.
"""

import importlib.util
import marshal
import os
import re
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

import correlator

Said = dict[str, Any]

_QUOTED = re.compile(
    r"""(is |has )(('|").*|an object|a list|null|a number or a truth value)(, (not|neither) )""", re.DOTALL
)


def reason_class(reason: str) -> str:
    """A reason without its quotations."""
    for begins in ("not JSON", "not UTF-8"):
        if reason.startswith(begins):
            return begins
    return _QUOTED.sub(r"\1…\4", reason)


def record_class(record: Said) -> str:
    """What kind of record it is."""
    value = orjson.loads(record["value"].encode("latin-1"))
    first, second, third = (
        ("started_event_id", "stopped_event_id", None)
        if "started_event_id" in value
        else ("submitted_event_id", "ended_at" if "ended_at" in value else "executed_event_id", "cancelled_event_id")
    )
    kind = "worker" if third is None else "run"
    parts = [f"{kind}: {value['outcome']}"]
    if value["outcome"] in ("cancelled", None):
        parts.append("+".join(word for word, name in (("start", first), ("end", second)) if value[name]) or "alone")
    if value["matched_by"] and value["outcome"] != "cancelled":
        parts.append(f"by {value['matched_by']}")
    if value["ambiguous"]:
        parts.append("ambiguous")
    if value.get("ended_by") not in (None, "worker"):
        parts.append(f"ended by {value['ended_by']}")
    return ", ".join(parts)


def _of_single(said: Said) -> Iterator[str]:
    match said["is"]:
        case "event":
            yield f"event: {said['kind']} {said['role']}"
            if said["truncated"]:
                yield "event: truncated"
            if said.get("detached"):
                yield "event: detached"
            if (what := said.get("said")) is not None:
                yield f"event: {what['what']} {what.get('type') or what.get('exit')}"
            yield "event: received " + ("not told" if said["received"] is None else "told")
            if said["over the wire"] != "same":
                yield "event: not the same over the wire"
        case "invalid":
            yield "invalid: " + reason_class(said["reason"])
        case other:
            yield f"event: {other}"


def _of_record(where: str, record: Said) -> Iterator[str]:
    yield f"{where}: {record_class(record)}"
    if "cause" in record:
        cause = record["cause"].partition(":")[0] if ":" in record["cause"] else "an event"
        yield f"{where} caused by: {cause}"
        if record["replaces"]:
            yield f"{where} amends: {record['replaces']}"


def _of_replay(said: Said) -> Iterator[str]:
    if "fate" in said:
        yield f"replay fate: {said['fate']}"
    for record in said.get("records", ()):
        yield from _of_record("replay flushed" if said["at"] == "flush" else "replay", record)
    for record in said.get("open", ()):
        yield f"replay open: {record_class(record)}"


def _of_stage(said: Said) -> Iterator[str]:
    if said["at"] == "left":
        for _ in range(sum(said["entries"].values())):
            yield "stage left: entries"
        return
    if "forwarded" in said:
        for _, key in said["forwarded"]:
            yield "stage forwarded: " + ("a tick" if key is None else "an event")
    for message in said["messages"]:
        if message["topic"] == "dead-letters":
            yield "stage dead letter: " + ("whole" if message["value"] is not None else "without its value")
        else:
            yield from _of_record("stage", message)
    for tally in said["tallies"]:
        for _, fate, count in tally["events"]:
            for _ in range(count):
                yield f"stage fate, {tally['stage']}: {fate}"
        for record, count in tally["records"].items():
            if record.endswith("True"):
                yield from count * [f"stage amends into: {record.split()[1]}"]
        yield from sum(tally["evicted"].values()) * ["stage: evicted"]
        yield from tally.get("unclaimed", 0) * ["stage: a witness unclaimed"]
        yield from tally.get("silent", 0) * ["stage: a run that nobody speaks of"]
        yield from len(tally.get("startups", ())) * ["stage: a startup"]
        yield from (f"stage: the terminal state {type_}" for _, type_, _ in tally.get("states", ()))
        yield from len(tally["arrivals"]) * ["stage: caused by what arrived"]


def _lines(face: Any, task: Any, counts: Counter[str]) -> Iterator[bytes]:
    """The canonical lines of an input's answer. An exception counts as a line, although no input may raise one."""
    kind, value, *more = task
    ways: list[tuple[Callable[[Said], Iterator[str]], Callable[[], Iterable[Said]]]]
    ways = [(_of_single, lambda: [face.decode(value, *more)])]
    if kind == "log":
        ways = [(_of_replay, lambda: face.replay(value)), (_of_stage, lambda: face.stage(value))]
        counts["inputs: lines of logs"] += len(value["lines"])
        counts["inputs: logs"] += 1
    else:
        counts["inputs: single events"] += 1
    for classes, tell in ways:
        try:
            for said in tell():
                counts.update(classes(said))
                yield orjson.dumps(said)
        except Exception as error:  # noqa: BLE001 - reporting exceptions is the purpose here
            counts[f"raised: {type(error).__name__}"] += 1
            at = traceback.extract_tb(error.__traceback__)[-1]
            if os.environ.get("SAME_TRACEBACKS"):
                traceback.print_exc()
            yield orjson.dumps({"raised": repr(error), "in": at.name})


def main() -> None:
    """Answer until the input ends."""
    (path,) = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("face", Path(path).resolve())
    assert spec is not None
    assert spec.loader is not None
    face = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(face)
    into, out = sys.stdin.buffer, sys.stdout.buffer
    marshal.dump(str(Path(correlator.__file__).resolve().parents[1]), out)
    out.flush()
    while True:
        try:
            batch = marshal.load(into)
        except EOFError:
            return
        counts = Counter[str]()
        lines = [list(_lines(face, task, counts)) for task in batch]
        out.write(marshal.dumps((dict(counts), lines)))
        out.flush()


if __name__ == "__main__":
    main()

"""Describes a path to people, with a line for each step."""

from collections.abc import Iterator
from typing import Any

from tests.protocol.happening import Label
from tests.protocol.judge import NAMES
from tests.protocol.kafka import REFUSED, UNDER_WAY
from tests.protocol.search import Result
from tests.protocol.setting import TIME, Setting
from tests.protocol.world import ABORTING, COMMITTING, OFFSETS, Request


def told(result: Result) -> Iterator[str]:
    """What was found, and the steps that lead to it."""
    if result.wrong is None:
        yield f"nothing wrong in {'all' if result.whole else 'the first'} {result.states:,} states"
        return
    teller = Teller(result.setting)
    for number, (label, _) in enumerate(result.path, 1):
        yield f"{number:3}  {teller.step(label)}"
    yield f"     {result.wrong}"


class Teller:
    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def step(self, label: Label) -> str:
        kind, rest = label[0], label[1:]
        if kind == "answer":
            slot, request, answer = rest
            return f"{NAMES[slot]}: {self.request(request)}{self.answer(request, answer)}"
        if kind == "late":
            request, answer = rest
            return f"a late request arrives: {self.request(request)}{self.answer(request, answer)}"
        if kind == "marker":
            id_, partition, state = rest
            what = {COMMITTING: "commit", ABORTING: "abort"}[state]
            return f"the {what} marker of {self.id(id_)} reaches the {self.partition(partition)}"
        if kind == "timeout":
            return f"the transaction of {self.id(rest[0])} times out: it is to be aborted"
        if kind == "completes":
            gets = [f"{NAMES[holder]} gets {self.lane(lane)}" for lane, holder in enumerate(rest[0])]
            return f"the rebalance completes, the next generation begins: {', '.join(gets)}"
        if kind == "rebalance":
            return "a rebalance begins"
        if kind == "begins":
            due = [self._setting.lanes[part.lane] == TIME for part in rest[1]]
            parts = [
                f"{'what is due by time' if timed else f'record {part.value}'} of {self.lane(part.lane)}"
                for part, timed in zip(rest[1], due, strict=True)
            ]
            return (
                f"{NAMES[rest[0]]} begins a beat: {', '.join(parts)}" if parts else f"{NAMES[rest[0]]} renews its epoch"
            )
        if kind == "repeats":
            return f"{NAMES[rest[0]]} gets no answer, and sends again: {self.request(rest[1])}"
        does = {
            "killed": "is killed",
            "paused": "is paused for too long: its session expires",
            "expires": "was dead for too long: its session expires",
            "starts": "starts again",
            "rejoins": "hears of the rebalance, and joins",
            "hears": "hears that it is no member any more",
        }
        return f"{NAMES[rest[0]]} {does[kind]}"

    def request(self, request: Request) -> str:
        kind, rest = request[0], request[1:]
        if kind == "InitProducerId":
            return f"InitProducerId of {self.id(rest[0])}"
        if kind == "AddToTxn":
            return f"AddPartitionsToTxn: {', '.join(map(self.partition, sorted(rest[2], reverse=True)))}"
        if kind == "Produce":
            value = rest[3][0] if rest[2] % 2 else rest[3]
            return f"record {value} is written to the {self.partition(rest[2])}"
        if kind == "TxnOffsetCommit":
            member = "" if rest[2] is None else ", with its generation"
            return f"TxnOffsetCommit: {', '.join(str(offset) for _, offset in rest[3])}{member}"
        if kind in ("OffsetFetch", "ListOffsets", "Fetch"):
            changelog = "" if kind == "OffsetFetch" else " of the changelog"
            return f"{kind}{changelog}"
        return str(kind)

    def answer(self, request: Request, answer: Any) -> str:
        if answer is REFUSED:
            return " – refused, so it ends"
        if answer is UNDER_WAY:
            return " – an open transaction is to be aborted first"
        if request[0] == "SyncGroup":
            lanes = "" if answer is None else ", ".join(map(self.lane, answer[1])) or "nothing"
            return f" – it holds {lanes}" if lanes else " – it must join again"
        if request[0] == "EndTxn":
            return " – committed, the markers are to come"
        if request[0] in ("OffsetFetch", "ListOffsets", "Fetch"):
            upto = "up to " if request[0] == "Fetch" else ""
            return f": {upto}{', '.join(map(str, answer))}"
        if request[0] == "ListTransactions" and answer:
            return f": {', '.join(map(self.id, answer))}"
        return ""

    def id(self, id_: int) -> str:
        workers = self._setting.workers
        return f"{NAMES[id_]}’s id" if id_ < workers else f"the id of {self.lane(id_ - workers)}"

    def lane(self, lane: int) -> str:
        return f"lane {lane}" if len(self._setting.lanes) > 1 else "the lane"

    def partition(self, partition: int) -> str:
        if partition == OFFSETS:
            return "group’s offsets"
        of = f" of lane {partition // 2}" if len(self._setting.lanes) > 1 else ""
        return ("output" if partition % 2 else "changelog") + of

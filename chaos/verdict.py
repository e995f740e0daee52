"""The verdict: what a consumer of committed records got, against the truth."""

from collections.abc import Iterable
from typing import NamedTuple

from chaos.plots import Expected

What = tuple[object, ...]


class Judgement(NamedTuple):
    """What was wrong, a sentence each."""

    lost: list[str]
    wrong: list[str]
    twice: list[str]

    @property
    def is_good(self) -> bool:
        """Whether nothing was."""
        return not (self.lost or self.wrong or self.twice)


class Verdict:
    """Takes in what must be there and what is there, in any order, and says what does not agree."""

    def __init__(self) -> None:
        self._expected: dict[str, Expected] = {}
        self._pending: dict[str, Expected] = {}
        self._got: dict[str, list[What]] = {}
        self._twice: list[str] = []

    @property
    def count(self) -> int:
        """How many were expected so far."""
        return len(self._expected)

    def expect(self, several: Iterable[Expected]) -> None:
        """These must have been published by now."""
        for expected in several:
            self._expected[expected.id] = self._pending[expected.id] = expected
            if not expected.amendable:
                self._twice += (f"{expected.id} again: {what}" for what in self._got.get(expected.id, ())[1:])

    def get(self, id_: str, what: What) -> None:
        """This was published."""
        got = self._got.setdefault(id_, [])
        expected = self._expected.get(id_)
        repeated = what in got
        # Of what is not expected yet, nobody knows whether it may be amended: `expect` will.
        if repeated or (got and expected is not None and not expected.amendable):
            self._twice.append(f"{id_} again: {what}")
        if repeated:
            got.remove(what)
        got.append(what)

    def pending(self) -> set[str]:
        """Ids of what is expected and is not there, or not as expected."""
        self._pending = {id_: one for id_, one in self._pending.items() if self._last(id_) != one.what}
        return set(self._pending)

    def judge(self, *, at_the_end: bool = False) -> Judgement:
        """What is wrong by now and was not said before. What is missing counts as lost.

        ``at_the_end``: all that must have been published is expected, so that anything else is wrong.
        """
        pending = self.pending()
        lost = [f"{id_} is missing: {self._expected[id_].what}" for id_ in sorted(pending) if id_ not in self._got]
        wrong = [
            f"{id_} is {self._last(id_)} instead of {self._expected[id_].what}"
            for id_ in sorted(pending)
            if id_ in self._got
        ]
        if at_the_end:
            wrong += (f"{id_} should not be: {got[-1]}" for id_, got in self._got.items() if id_ not in self._expected)
        judgement = Judgement(lost, wrong, self._twice)
        self._pending, self._twice = {}, []
        return judgement

    def _last(self, id_: str) -> What | None:
        """The last value of a record is the truth."""
        got = self._got.get(id_)
        return got[-1] if got else None

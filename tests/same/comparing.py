"""Runs two checkouts side by side on the same inputs, and finds where their answers differ."""

import marshal
import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, Final, NamedTuple

HERE: Final = Path(__file__).parent
MAX_IN_FLIGHT: Final = 3
"""The most batches that are under way at a time, and so held in memory."""

Task = tuple[Any, ...]
Answer = tuple[dict[str, int], list[list[bytes]]]


class Died(Exception):
    """A teller process ended early; its messages are on stderr."""


class Difference(NamedTuple):
    """An input, and the first line of its answer in which the two checkouts differ."""

    number: int
    """The number of the input, counted from the seed."""
    task: Task
    line: int
    before: bytes | None
    after: bytes | None
    context: list[bytes]
    """The lines before it, which are the same."""


class Checkout:
    """A checkout, driven by a teller in a process of its own."""

    def __init__(self, checkout: Path, face: Path) -> None:
        env = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONHASHSEED": "0"}
        command = [sys.executable, "-P", str(HERE / "teller.py"), str(face)]
        self._process = subprocess.Popen(command, cwd=checkout, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        self.checkout = self._read()
        """The checkout whose code the process runs."""
        if self.checkout != str(checkout.resolve()):
            raise Died(f"the teller of {checkout} runs the code of {self.checkout}")
        self._answers: Queue[Any] = Queue(MAX_IN_FLIGHT + 1)
        Thread(target=self._listen, daemon=True).start()

    def _read(self) -> Any:
        try:
            return marshal.load(self._from)
        except (EOFError, ValueError, TypeError):
            raise Died(f"a teller ended with {self._process.wait()}") from None

    def _listen(self) -> None:
        while True:
            try:
                self._answers.put(self._read())
            except Died as reason:
                self._answers.put(reason)
                return

    def send(self, batch: bytes) -> None:
        """Send a marshalled batch to the process."""
        try:
            self._to.write(batch)
            self._to.flush()
        except BrokenPipeError:
            raise Died("a teller has ended") from None

    def answer(self) -> Answer:
        """Wait for the answer to the oldest unanswered batch."""
        answer = self._answers.get()
        if isinstance(answer, Died):
            raise answer
        return answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def compare(
    before: Checkout,
    after: Checkout,
    batches: Iterable[list[Task]],
    totals: tuple[Counter[str], Counter[str]],
) -> Iterator[Difference]:
    """The differences between the two, input by input. Adds to the totals of each."""
    under_way: deque[list[Task]] = deque()
    number = 0
    for batch in _and_then(batches):
        if batch is not None:
            said = marshal.dumps(batch)
            before.send(said)
            after.send(said)
            under_way.append(batch)
        if under_way and (batch is None or len(under_way) >= MAX_IN_FLIGHT):
            oldest = under_way.popleft()
            answers = before.answer(), after.answer()
            for total, (counts, _) in zip(totals, answers, strict=True):
                for name, count in counts.items():
                    total[name] += count
            (_, ours), (_, theirs) = answers
            if ours != theirs:
                for place, (task, one, other) in enumerate(zip(oldest, ours, theirs, strict=True)):
                    if one != other:
                        yield _difference(number + place, task, one, other)
            number += len(oldest)


def _and_then(batches: Iterable[list[Task]]) -> Iterator[list[Task] | None]:
    """The batches, then None until all of them are answered."""
    yield from batches
    for _ in range(MAX_IN_FLIGHT):
        yield None


def _difference(number: int, task: Task, ours: list[bytes], theirs: list[bytes]) -> Difference:
    for line, (one, other) in enumerate(zip_longest(ours, theirs)):
        if one != other:
            return Difference(number, task, line, one, other, ours[:line])
    raise AssertionError("they are the same")

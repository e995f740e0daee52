"""All runs of a bench: contenders take turns, round by round, so that the machine's good and bad moments
hit all alike.
"""

import asyncio
import sys
import uuid
from collections.abc import Callable, Sequence

from bench import inputs
from bench.contenders import Contender, Launch
from bench.inputs import Input
from bench.peers.join import Job
from bench.run import Run, measure
from bench.setting_up import Unavailable
from bench.topics import create, write
from support import events, kubernetes_events

Ready = dict[Contender, Callable[[Job], Launch]]
"""Contenders that are set up, and how each is started."""

LIFECYCLES, MIX, KUBERNETES = INPUTS = "lifecycles", "mix", "kubernetes"
SLOW_SHARE = 10
"""Slow contenders get one event in this many."""


def ready(contenders: Sequence[Contender]) -> tuple[Ready, list[Contender]]:
    """Set up contenders. Returns those that are ready and those that are not; a sentence on the terminal
    says why not.
    """
    prepared: Ready = {}
    missing = []
    for one in contenders:
        try:
            prepared[one] = one.prepare()
        except Unavailable as error:
            print(f"{one.title} ({one.guarantee}) does not take part, since {error}.", file=sys.stderr)
            missing.append(one)
    return prepared, missing


def rotated(contenders: Sequence[Contender], round_: int, rounds: int) -> Sequence[Contender]:
    """The order of turns in a round. Each round begins with another contender; all rounds together go round once."""
    start = round_ * len(contenders) // rounds
    return [*contenders[start:], *contenders[:start]]


async def loaded(broker: str, pairs: int) -> dict[tuple[str, bool], Input]:
    """Load the inputs, and shorter ones for slow contenders; keyed by name and by whether they are the shorter ones."""
    given = (
        (LIFECYCLES, events.pairs, pairs),
        (MIX, inputs.mix, max(pairs // 10, 1)),
        (KUBERNETES, kubernetes_events.runs, max(pairs // 3, 1)),
    )
    found = {}
    for slow in (False, True):
        for name, make, count in given:
            own = max(count // SLOW_SHARE, 1) if slow else count
            topic = f"bench-{name}-{uuid.uuid4().hex[:8]}"
            await create(broker, topic)
            found[name, slow] = Input(name, topic, await write(broker, topic, make(own)), own)
    return found


async def run_all(
    broker: str, prepared: Ready, given: dict[tuple[str, bool], Input], rounds: int, limit: float
) -> list[Run]:
    """Run every contender on every input in every round, with a line for each run. Ctrl-C ends it, and drops the round
    that is unfinished.
    """
    contenders = list(prepared)
    runs: list[Run] = []
    for round_ in range(rounds):
        try:
            for name in INPUTS:
                for one in rotated(contenders, round_, rounds):
                    run = await measure(broker, one, prepared[one], given[name, one.slow], limit)
                    print(f"round {round_ + 1} of {rounds}, {name}, {one.name}: {told(run)}", file=sys.stderr)
                    runs.append(run)
        except asyncio.CancelledError:
            if not round_:
                raise
            return runs[: round_ * len(INPUTS) * len(contenders)]
    return runs


def told(run: Run) -> str:
    """A run in a few words."""
    if run.failure is not None:
        return f"FAILED: {run.failure}"
    return f"{run.whole:,.0f} events by the CPU second, {run.wall:,.0f} by the second"

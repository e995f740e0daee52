"""Strategies for made-up lives: of workers, and of runs by workers that wait or do not."""

from hypothesis import strategies as st

from correlator.event import Exit, Kind, StateType
from tests.core.truth import Life, Pod

GAPS = [0.4, 0.9, 2, 3.5, 6, 9, 12, 19, 26, 41, 62, 95, 140, 300]
SPANS = [-3, -0.5, 0.02, 0.5, 2, 4.5, 4.999, 5.001, 5.5, 7, 9.5, 13, 17, 23, 34, 55, 73, 120, 160, 190, 205, 260]
SPANS += [44, 48, 212]
"""The last ones lie near the time at which a superseded lifecycle, or a lost and then cancelled one, is forgotten."""
CANCELLED_AFTER = [-30, -2, 0.01, 1, 3, 6, 11, 30, 100, 183]
"""Minutes from the start to a cancellation; others lie near the end, at a distance of seconds or of about ``grace``."""
ABOUT_THE_END = [-20 / 60, -3 / 60, -1 / 60, 2 / 60, 4 / 60, 8 / 60, 0.5, 9, 14.7, 15.3, 22, 37]

CREATED_AFTER = [0.3 / 60, 1.1 / 60, 2.4 / 60, 1.5]
STATE_BEFORE = [0.04 / 60, 0.5 / 60, 2.2 / 60, 7 / 60, -0.3 / 60]
"""Minutes by which a run's terminal state precedes the end of its worker's run, or of its last pod."""
SPENT_PENDING = [0, 1.2 / 60, 8 / 60, 4]
REPLACED_AFTER = [-0.2, 0.03, 1, 7, 13, 16, 24, 50]
"""Minutes until a pod is replaced by another; some are longer than ``grace``."""
ENDS = [Exit.SUCCEEDED, Exit.FAILED, Exit.EVICTED]
TYPES = [StateType.COMPLETED, StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]


@st.composite
def truths(draw, kind: Kind) -> list[Life]:
    lives, begun = [], 0.0
    for number in range(draw(st.integers(1, 6))):
        begun += draw(st.sampled_from(GAPS)) + number * 0.0113
        lasted = draw(st.none() | st.sampled_from(SPANS))
        cancelled: list[float] = []
        if kind is Kind.FLOW_RUN and draw(st.integers(0, 2)) == 0:
            for _ in range(draw(st.integers(1, 2))):
                if lasted is not None and draw(st.booleans()):
                    cancelled.append(begun + lasted + draw(st.sampled_from(ABOUT_THE_END)) + 0.0007 * len(cancelled))
                else:
                    cancelled.append(begun + draw(st.sampled_from(CANCELLED_AFTER)) + 0.0031 * (number + 1))
        life = Life(
            begun,
            lasted,
            draw(st.sampled_from(["w1", "w1", "w2"])),
            draw(st.integers(0, 7)) != 0,
            tuple(sorted(cancelled)),
        )
        lives.append(life)
    return lives


@st.composite
def witnessed(draw) -> list[Life]:
    """The same lives of runs, with witnesses."""
    return [draw(_seen(life, number)) for number, life in enumerate(draw(truths(Kind.FLOW_RUN)))]


@st.composite
def _seen(draw, life: Life, number: int) -> Life:
    if draw(st.integers(0, 5)) == 0:
        return life
    detached = draw(st.booleans())
    if not detached:  # an older worker of a type that does not wait did, and there were pods
        detached, waits = draw(st.integers(0, 3)) == 0, True
    else:
        waits = False
    over = life.begun + (draw(st.sampled_from(SPANS)) if life.lasted is None else life.lasted)
    over = max(over, life.begun + 0.02)
    seen = life._replace(detached=detached, lasted=life.lasted if waits else None)
    prefix: str | None = None
    if not waits:
        # Of long names, the pods' do not tell one Job from another.
        job = draw(st.sampled_from([f"job{number}", f"job{number}", f"{'x' * 57}{number}", f"{'y' * 58}{number}"]))
        task = draw(st.booleans()) and f"arn:aws:ecs:eu:1:task/c/{number}"
        named = draw(st.sampled_from([True, True, True, False]))
        after = draw(st.sampled_from(CREATED_AFTER))
        identifier = f"arn:aws:ecs:eu:1:cluster/c::{task}" if task else f"ns:{job}"
        seen = seen._replace(created=(life.begun + after, identifier if named else None))
        prefix = task or f"{job}-"[:58]
    if detached:
        seen = seen._replace(pods=tuple(draw(_pods(life.begun, over, prefix))))
    states = tuple(draw(_states(life.begun, over)))
    running = [life.begun + draw(st.sampled_from([0.03, 0.2, 4, 17]))] * draw(st.integers(0, 1))
    if running and draw(st.integers(0, 2)) == 0:
        running.append(running[0] + draw(st.sampled_from([0.05, 3, 21, 70])))
    count = 1 + len(running) + len(states) + sum(len(pod.phases) for pod in seen.pods)
    unheard = draw(st.just(frozenset()) | st.frozensets(st.integers(0, count - 1), max_size=count))
    return seen._replace(states=states, running=tuple(running), unheard=unheard)


@st.composite
def _pods(draw, begun: float, over: float, prefix: str | None) -> list[Pod]:
    task = prefix is not None and prefix.startswith("arn")
    pods, at = [], begun + 0.02
    for which in range(draw(st.integers(1, 3))):
        ended = over if which == 0 else at + draw(st.sampled_from(SPANS[3:17]))
        phases: list[tuple[float, Exit | None, str | None]] = []
        if not task:
            phases.append((at, None, None))
            running = at + draw(st.sampled_from(SPENT_PENDING))
            if running < ended:
                phases.append((running, None, None))
        if draw(st.integers(0, 5)):
            reason = draw(st.sampled_from([None, None, "OOMKilled"]))
            phases.append((ended, Exit.STOPPED if task else draw(st.sampled_from(ENDS)), reason))
            if not task and draw(st.integers(0, 7)) == 0:  # said twice, differently
                phases.append((ended + draw(st.sampled_from([0, 0.1, 6])), draw(st.sampled_from(ENDS)), None))
        name = prefix if task else f"{prefix}{'abc'[which]}" if prefix else "stranger"
        pods.append(Pod(draw(st.sampled_from([name, name, name, None, "other-a"])), tuple(phases)))
        at = ended + draw(st.sampled_from(REPLACED_AFTER))
    return pods


@st.composite
def _states(draw, begun: float, over: float) -> list[tuple[float, StateType]]:
    states = []
    if draw(st.integers(0, 4)):
        states.append((over - draw(st.sampled_from(STATE_BEFORE)), draw(st.sampled_from(TYPES))))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        after = draw(st.sampled_from([-1, 0.3, 4, 12, 19, 33, 47, 130])) + 0.0017 * len(states)
        states.append((draw(st.sampled_from([begun, over])) + after, draw(st.sampled_from(TYPES))))
    return states

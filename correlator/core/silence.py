"""Silent runs: a detached worker submitted them, and no witness speaks of them (rule W5)."""

from correlator.core.assembled import Assembled
from correlator.core.rules import Rules
from correlator.core.state import RememberedStart
from correlator.moments import Moment


def is_newly_silent(
    life: Assembled, start: RememberedStart, watermark: Moment | None, rules: Rules, dues: list[Moment]
) -> bool:
    """Whether an open run of a detached worker has had no witness within ``grace``. True once for each run
    (rule W5).
    """
    speaks_by = start.clock + rules.grace
    spoke = life.testimony is not None and any(known is not life.testimony.creation for known in life.testimony.all)
    if start.silence_noted or spoke or life.cancellations:
        return False
    if watermark is None or watermark <= speaks_by:
        dues.append(speaks_by)
        return False
    start.silence_noted = True
    return True


def is_lost_in_silence(lost: Assembled) -> bool:
    """Whether a lost run is one that only witnesses could have seen end, and that has not been reported before."""
    start = lost.start
    return start is not None and start.event.detached and not start.silence_noted

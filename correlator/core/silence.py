"""Runs of workers that do not wait of which nobody says anything (rule W5)."""

from correlator.core.assembled import Assembled
from correlator.core.rules import Rules
from correlator.core.state import RememberedStart
from correlator.moments import Moment


def is_newly_silent(
    life: Assembled, start: RememberedStart, watermark: Moment | None, rules: Rules, dues: list[Moment]
) -> bool:
    """Whether no witness spoke of an open run within ``grace``, though its worker does not wait: once (rule W5)."""
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
    """Whether a run is lost that only witnesses could have seen end, and that was not reported before."""
    start = lost.start
    return start is not None and start.event.detached and not start.silence_noted

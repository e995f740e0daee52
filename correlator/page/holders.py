"""Who holds what: the workers of the stage, where there are several."""

from typing import NamedTuple


class Holder(NamedTuple):
    """A worker of the stage, in the words that are shown."""

    name: str
    address: str
    partitions: str
    """Those that it holds."""
    state: str
    """Whether it answers, or why it does not."""
    whole: bool
    """Whether all that it holds is on the page."""

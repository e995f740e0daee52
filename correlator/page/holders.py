"""A row of the table "Who holds what", which the page has if the stage has several workers."""

from typing import NamedTuple


class Holder(NamedTuple):
    """A worker of the stage, as the texts that the page shows."""

    name: str
    address: str
    partitions: str
    """The numbers of the partitions that it holds."""
    state: str
    """Whether it answers, or why it does not."""
    complete: bool
    """Whether the page shows everything that it holds."""

"""Who this process is in its group, as of one assignment."""

from typing import NamedTuple


class Membership(NamedTuple):
    """The member of the group in whose name offsets are committed. The group refuses the offsets of a member that it
    has replaced (KIP-447).
    """

    group: str
    generation: int
    member: str
    instance: str | None

"""Who this process is in its group, as of one assignment."""

from typing import NamedTuple


class Membership(NamedTuple):
    """What offsets are committed in the name of: the group refuses those of a member that it has replaced (KIP-447)."""

    group: str
    generation: int
    member: str
    instance: str | None

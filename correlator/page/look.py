"""What a reader asks of the served page, in its address.

A browser that loads the page again asks the same, and keeps its place in it if the address is the same. So every look
has one address, the plain one too.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Self

ZOOMS: Final = (1, 4, 16)
"""How many times as wide as its frame the timeline can be."""


class Look(NamedTuple):
    """How the page is looked at."""

    zoom: int = 1
    hold: bool = False
    """Whether it stays as it is, rather than being loaded again after a while."""
    all_rows: bool = False
    """Whether the tables show every row they have, rather than the first ones."""

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Self:
        """The look that a query asks for. Whatever it says that is not offered is ignored."""
        zooms = {str(zoom): zoom for zoom in ZOOMS}
        return cls(zooms.get(query.get("zoom", ""), 1), query.get("hold") == "1", query.get("rows") == "all")

    @property
    def address(self) -> str:
        """The query that asks for it: relative, so that it holds wherever the page is served."""
        return f"?zoom={self.zoom}" + "&hold=1" * self.hold + "&rows=all" * self.all_rows


PLAIN: Final = Look()
"""How it is looked at where nothing is asked."""

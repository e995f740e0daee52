"""The options of the served page, which a reader sets by links to other query strings.

A browser that reloads the page keeps the options, and keeps its scroll position as long as the address is the same.
So every combination of options has exactly one address, the default one too.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Self

ZOOMS: Final = (1, 4, 16)
"""The widths that the timeline can have, in multiples of its frame."""


class PageOptions(NamedTuple):
    """How a reader wants the page."""

    zoom: int = 1
    hold: bool = False
    """Whether the page stays as it is; otherwise the browser reloads it after a while."""
    all_rows: bool = False
    """Whether the tables show all their rows; otherwise they show the first ones."""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """The options of a query string. Unknown names and values are ignored."""
        zooms = {str(zoom): zoom for zoom in ZOOMS}
        return cls(zooms.get(query.get("zoom", ""), 1), query.get("hold") == "1", query.get("rows") == "all")

    @property
    def address(self) -> str:
        """The page's address with these options: a query string alone, which is right wherever the page is served."""
        return f"?zoom={self.zoom}" + "&hold=1" * self.hold + "&rows=all" * self.all_rows


DEFAULT_OPTIONS: Final = PageOptions()
"""The options of an empty query string."""

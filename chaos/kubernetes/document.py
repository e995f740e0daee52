"""Write ``docs/faults.md`` anew between its marks."""

from collections.abc import Iterator
from typing import Final

from chaos.kubernetes.table import document
from chaos.kubernetes.tour import Tour
from tools.engines import ROOT
from tools.marked import between

DOCUMENT: Final = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- kubernetes -->\n", "<!-- /kubernetes -->\n"


def write(tour: Tour, description: str, seed: int) -> None:
    """Put the tour in."""
    DOCUMENT.write_text(between(DOCUMENT.read_text(), BEGIN, END, _generated(tour, description, seed)))


def _generated(tour: Tour, description: str, seed: int) -> Iterator[str]:
    yield f"{description}; {tour.trial}; seed {seed}\n\n"
    yield from document(tour)

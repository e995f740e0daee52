"""Documents of which a part is generated: what stands between two marks."""

from collections.abc import Iterable


def between(text: str, begin: str, end: str, generated: Iterable[str]) -> str:
    """The text with ``generated`` between the two marks."""
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}{''.join(generated)}{end}{after}"

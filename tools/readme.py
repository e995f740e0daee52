"""``python -m tools.readme``: update the README's table of settings from the settings themselves."""

from pathlib import Path

from correlator.settings.described import described
from tools.marked import between

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->\n"


def with_settings(text: str) -> str:
    """The README's text with the table as it should be."""
    rows = (f"| `{name}` | {default} | {description} |\n" for name, default, description in described())
    return between(text, BEGIN, END, ["| setting | default | what it is |\n|---|---|---|\n", *rows])


if __name__ == "__main__":
    README.write_text(with_settings(README.read_text()))

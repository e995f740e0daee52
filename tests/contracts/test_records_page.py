"""``docs/records.md`` says what the code does, and leads where it says."""

import re

import pytest

from contract import reference

TEXT = reference.DOCUMENT.read_text()


def test_nothing_has_drifted():
    assert reference.renewed(TEXT) == TEXT, "run `make contract`"


@pytest.mark.parametrize("name", reference.sections())
def test_every_section_is_there_once(name):
    assert TEXT.count(f"<!-- {name} -->\n") == TEXT.count(f"<!-- /{name} -->\n") == 1


def test_a_section_that_nobody_knows_is_an_error():
    with pytest.raises(KeyError, match="yesterday's news"):
        reference.renewed("<!-- yesterday's news -->\n<!-- /yesterday's news -->\n")


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", TEXT)
    assert links
    for link in links:
        file, _, heading = link.partition("#")
        path = reference.DOCUMENT.parent / file
        assert path.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
            assert heading in map(anchor, headings), link


def anchor(heading: str) -> str:
    """As GitHub makes it: without what is neither letter, digit, hyphen nor blank."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")

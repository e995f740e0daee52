"""A page as a browser's parser reads it; strict, so that it fails where the HTML is at fault."""

from xml.etree.ElementTree import Element

import html5lib


class Page:
    def __init__(self, html: str) -> None:
        self.root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)

    def all(self, path: str) -> list[Element]:
        return self.root.findall(f".//{path}")

    def figures(self) -> dict[str, str]:
        """The large numbers, by what they are of."""
        (figures, *_) = self.all("dl")
        return {text(it.find("dt")): text(it.find("dd")) for it in figures}

    def rows(self, section: str) -> list[dict[str, str]]:
        """The rows of the table of a section, by its headings."""
        found = self.root.find(f".//section[@aria-labelledby='{section}']")
        if found is None or found.find("table") is None:
            return []
        headings = [text(it) for it in found.iter("th")]
        return [dict(zip(headings, map(text, row), strict=True)) for row in found.findall("table/tbody/tr")]

    def bars(self) -> list[Element]:
        return [it for it in self.all("a") if "bar" in it.get("class", "").split()]

    def lanes(self) -> list[str]:
        return [text(it.find("strong")) for it in self.all("div[@class='label']")]


def text(element) -> str:
    return " ".join("".join(element.itertext()).split())

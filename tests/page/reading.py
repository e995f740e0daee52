"""Reads a page as a browser's parser does, but strictly: it fails on HTML that is not valid."""

from xml.etree.ElementTree import Element

import html5lib


class Page:
    def __init__(self, html: str) -> None:
        self.root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)

    def all(self, path: str) -> list[Element]:
        return self.root.findall(f".//{path}")

    def figures(self) -> dict[str, str]:
        """The large numbers by their labels."""
        return {text(it.find("dt")): text(it.find("dd")) for it in self.all("section[@class='figures']//dl/div")}

    def rows(self, section: str) -> list[dict[str, str]]:
        """The rows of a section's table as texts by heading, folded rows included."""
        tables = self.all(f"section[@aria-labelledby='{section}']//table")
        return [
            dict(zip(map(text, table.iter("th")), map(text, row), strict=True))
            for table in tables
            for row in table.findall("tbody/tr")
        ]

    def bars(self) -> list[Element]:
        return [it for it in self.all("a") if "bar" in it.get("class", "").split()]

    def lanes(self) -> list[str]:
        return [text(it.find("strong")) for it in self.all("div[@class='label']")]


def text(element) -> str:
    return " ".join("".join(element.itertext()).split())

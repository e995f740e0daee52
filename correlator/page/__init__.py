"""Renders lifecycles as one self-contained HTML page for people. No I/O, no clock, no JavaScript.

A worker serves the page of what the stage holds now; `replay` writes the page of a file's events.
"""

from correlator.page.holders import Holder
from correlator.page.options import DEFAULT_OPTIONS, PageOptions
from correlator.page.rendering import View, render
from correlator.page.summary import Summary, summarize
from correlator.page.usual import RecentDurations, UsualDuration, usual_durations

__all__ = [
    "DEFAULT_OPTIONS",
    "Holder",
    "PageOptions",
    "RecentDurations",
    "Summary",
    "UsualDuration",
    "View",
    "render",
    "summarize",
    "usual_durations",
]

"""What a person looks at: lifecycles in, one self-contained HTML page out. No I/O, no clock, no JavaScript.

The stage shows what it holds now; a replay shows what a file held.
"""

from correlator.page.rendering import View, render
from correlator.page.seen import Seen, seen

__all__ = ["Seen", "View", "render", "seen"]

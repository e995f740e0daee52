"""What a person looks at: lifecycles in, one self-contained HTML page out. No I/O, no clock, no JavaScript.

The stage shows what it holds now; a replay shows what a file held.
"""

from correlator.page.look import PLAIN, Look
from correlator.page.rendering import View, render
from correlator.page.seen import Seen, seen
from correlator.page.usual import Usual

__all__ = ["PLAIN", "Look", "Seen", "Usual", "View", "render", "seen"]

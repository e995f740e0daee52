"""What a person looks at: lifecycles in, one self-contained HTML page out. No I/O, no clock, no JavaScript.

The stage shows what it holds now; a replay shows what a file held.
"""

from correlator.page.holders import Holder
from correlator.page.look import PLAIN, Look
from correlator.page.rendering import View, render
from correlator.page.seen import Seen, seen
from correlator.page.usual import Known, Usual, known_of

__all__ = ["PLAIN", "Holder", "Known", "Look", "Seen", "Usual", "View", "known_of", "render", "seen"]

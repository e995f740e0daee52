"""The rules of docs/rules.md by example: events in order of arrival, and every version published.

In the timelines, time goes to the right, in minutes: ``a`` ``b`` ``c`` start, ``x`` ``y`` ``z`` end, ``!`` cancels,
``|`` marks how far time has passed without events. ``x(a)`` follows ``a``.
"""

from tests.core.cases.cancelling import CANCELLING
from tests.core.cases.ending import ENDING
from tests.core.cases.finding import FINDING
from tests.core.cases.knowing import KNOWING
from tests.core.cases.passing import PASSING
from tests.core.cases.scenarios import SCENARIOS
from tests.core.cases.witnessing import WITNESSING

CASES = [*FINDING, *ENDING, *CANCELLING, *KNOWING, *SCENARIOS, *PASSING, *WITNESSING]

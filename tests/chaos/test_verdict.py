"""A verdict that cannot fail is worth nothing: each way in which it does."""

import pytest

from chaos.plots import Expected
from chaos.verdict import Verdict

ONE, OTHER = Expected("one", ("completed", 3)), Expected("other", ("completed", 5))
CANCELLED = Expected("cancelled", ("cancelled", 3), amendable=True)

CASES = [
    # what is expected, what was published, how much of it is lost, wrong, twice
    ("as it should be", [ONE, OTHER], [ONE, OTHER], (0, 0, 0)),
    ("one is missing", [ONE, OTHER], [OTHER], (1, 0, 0)),
    ("all are missing", [ONE, OTHER], [], (2, 0, 0)),
    ("one is another", [ONE, OTHER], [OTHER, ONE._replace(what=("completed", 4))], (0, 1, 0)),
    ("one is there twice", [ONE], [ONE, ONE], (0, 0, 1)),
    ("one is there three times", [ONE], [ONE, ONE, ONE], (0, 0, 2)),
    ("one is there again, as another", [ONE], [ONE._replace(what=("lost",)), ONE], (0, 0, 1)),
    ("one is there again, and then as another", [ONE], [ONE, ONE._replace(what=("lost",))], (0, 1, 1)),
    ("one that nobody expects", [ONE], [ONE, OTHER], (0, 1, 0)),
    ("an amendment", [CANCELLED], [CANCELLED._replace(what=("completed", 3)), CANCELLED], (0, 0, 0)),
    ("an amendment undone", [CANCELLED], [CANCELLED, CANCELLED._replace(what=("completed", 3))], (0, 1, 0)),
    ("an amendment twice", [CANCELLED], [CANCELLED, CANCELLED], (0, 0, 1)),
]


@pytest.mark.parametrize("published_first", [True, False])
@pytest.mark.parametrize(("expected", "published", "counts"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_verdict(
    expected: list[Expected], published: list[Expected], counts: tuple[int, int, int], published_first: bool
):
    verdict = Verdict()
    if not published_first:
        verdict.expect(expected)
    for one in published:
        verdict.get(one.id, one.what)
    if published_first:
        verdict.expect(expected)
    judgement = verdict.judge(at_the_end=True)
    assert tuple(map(len, judgement)) == counts
    assert judgement.is_good == (counts == (0, 0, 0))


def test_each_fault_is_said_once_and_before_the_next():
    verdict = Verdict()
    verdict.expect([ONE])
    assert verdict.pending() == {"one"}
    assert verdict.judge().lost
    assert verdict.judge().is_good
    verdict.expect([OTHER])
    verdict.get(*OTHER[:2])
    assert verdict.judge().is_good
    verdict.get(*OTHER[:2])
    assert verdict.judge().twice


def test_only_at_the_end_is_it_wrong_to_be_early():
    verdict = Verdict()
    verdict.get(*ONE[:2])
    assert verdict.judge().is_good
    assert verdict.judge(at_the_end=True).wrong

"""A refused worker says why in one sentence, the one in docs/security.md, and reveals no secret."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.security import documented
from tests.security.certificates import KEY_PASSWORD
from tests.security.refusals import WRONG, Refusal, refusals
from tests.security.secured import PASSWORD, TOKEN, SecuredBroker
from tests.security.starting import Ended, start_and_end

WITHIN = 45
"""Seconds to wait for what takes 15 on an idle machine."""

AT_ONCE = 4


@pytest.fixture(scope="module")
def refused(secured: SecuredBroker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Refusal, Ended]]:
    """What became of each worker, by what was wrong."""
    directory = tmp_path_factory.mktemp("refused")
    cases = list(refusals(secured))

    def start(case: Refusal) -> tuple[Refusal, Ended]:
        return case, start_and_end(case.settings, directory / f"{cases.index(case)}.log")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {case.what: (case, ended) for case, ended in pool.map(start, cases)}


@pytest.mark.parametrize("what", documented.refusals())
def test_a_refusal_is_as_documented(
    secured: SecuredBroker, refused: dict[str, tuple[Refusal, Ended]], what: str
) -> None:
    case, ended = refused[what]
    assert (documented.as_written(ended.said, secured), ended.code) == documented.refusals()[what]
    assert ended.code == case.code
    assert ended.seconds < WITHIN
    for secret in (PASSWORD, WRONG, KEY_PASSWORD, TOKEN):
        assert secret not in ended.said


def test_every_refusal_is_documented(refused: dict[str, tuple[Refusal, Ended]]) -> None:
    assert list(documented.refusals()) == list(refused)

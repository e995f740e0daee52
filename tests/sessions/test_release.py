"""What differs from release to release."""

from datetime import date

import pytest

from sessions.release import BUILT, DEFAULT, Release


def test_releases_compare_as_releases_do():
    assert Release.of("3.9.1") < Release.of("3.10.0")
    assert str(Release.of("3.10.0")) == "3.10.0"


@pytest.mark.parametrize("text", ["2.20.27", "3.9", "3.9.1rc1", "latest", "4.0.0"])
def test_what_is_no_release_of_prefect_3_is_refused(text: str):
    with pytest.raises(ValueError, match="is no release of Prefect 3"):
        Release.of(text)


CASES = [
    # release, whether workers' stops come, whether what is served can be cancelled, what a flow that raises exits with
    ("3.0.11", False, True, 1),
    ("3.1.2", False, True, 1),
    ("3.1.3", True, True, 1),
    ("3.2.7", True, True, 1),
    ("3.2.8", True, False, 1),
    ("3.3.3", True, False, 1),
    ("3.3.4", True, True, 1),
    ("3.8.3", True, True, 1),
    ("3.8.4", True, True, 0),
    ("3.9.1", True, True, 0),
]


@pytest.mark.parametrize(("text", "tells_stops", "cancels_served", "raised_exit"), CASES)
def test_what_a_release_does(text: str, tells_stops: bool, cancels_served: bool, raised_exit: int):
    release = Release.of(text)
    assert (release.tells_stops, release.cancels_served, release.raised_exit) == (
        tells_stops,
        cancels_served,
        raised_exit,
    )


def test_what_a_release_depends_on_is_that_of_its_time():
    assert Release.of("3.2.15").built == BUILT[3, 2, 15]
    assert Release.of("3.2.0").built == BUILT[3, 2, 15], "that of the last of its minor"
    assert Release.of("3.1.3").built == date(2025, 1, 30)
    assert Release.of("3.99.0").built is None, "the newest may take what there is"


def test_the_default_is_known():
    assert Release.of(DEFAULT) in BUILT


def test_the_table_is_in_order():
    assert list(BUILT) == sorted(BUILT)
    assert list(BUILT.values()) == sorted(BUILT.values())

"""The settings that decisions are made by, as the core wants them."""

from correlator.configured import reading_of, rules_of
from correlator.core import Rules
from correlator.prefect import Reading
from correlator.settings import Settings
from tests.prefect.events import READING


def test_the_defaults_of_the_settings_are_those_of_the_core():
    """The core's tests, and the examples of the contract, decide by `Rules()`: so does a worker with no setting."""
    assert rules_of(Settings.model_construct()) == Rules()


def test_the_tests_read_events_by_the_defaults():
    assert reading_of(Settings.model_construct()) == READING


def test_what_is_read_and_how_is_a_setting():
    settings = Settings.model_construct(max_tags=3, detached_workers=("ecs",))
    assert reading_of(settings) == Reading(3, frozenset({"ecs"}))
    assert reading_of(Settings.model_construct(detached_workers=())).detached == frozenset()

"""The settings that decisions are made by, as the core wants them."""

from correlator.core import Rules
from correlator.rules import rules_of
from correlator.settings import Settings


def test_the_defaults_of_the_settings_are_those_of_the_core():
    """The core's tests, and the examples of the contract, decide by `Rules()`: so does a worker with no setting."""
    assert rules_of(Settings.model_construct()) == Rules()

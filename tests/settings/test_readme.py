"""The README says what the settings are."""

from tools.readme import README, with_settings


def test_the_table_of_settings_is_up_to_date() -> None:
    text = README.read_text()
    assert text == with_settings(text), "run `make contract`"

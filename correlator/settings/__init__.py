"""Every setting: ``CORRELATOR_*`` in the environment, read once at the start, checked as a whole.

Nothing is read at import. `load` is the way in, and what it returns does not change.
"""

from correlator.settings.connection import Connection
from correlator.settings.errors import VARIABLE_PREFIX, SettingsError, variable
from correlator.settings.loading import load
from correlator.settings.stage import Settings

__all__ = ["VARIABLE_PREFIX", "Connection", "Settings", "SettingsError", "load", "variable"]

"""Describes the settings for people: the README's table."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from correlator.settings import durations
from correlator.settings.bridge import BridgeSettings
from correlator.settings.errors import variable
from correlator.settings.stage import Settings


class Described(NamedTuple):
    """A setting's description, in Markdown."""

    name: str
    default: str
    description: str


def described() -> Iterator[Described]:
    """The description of every setting, in the order of the README's table: the bridge's come last."""
    for field, info in sorted(Settings.model_fields.items(), key=lambda it: it[0] in BridgeSettings.model_fields):
        match info.default:
            case timedelta() as span:
                default = f"`{durations.show(span)}`"
            case tuple() as several:
                default = f"`{','.join(several)}`"
            case bool() as switch:
                default = f"`{str(switch).lower()}`"
            case None:
                default = "not set"
            case _ if info.default_factory:
                default = "the app id"
            case other:
                default = f"`{other}`"
        yield Described(variable(field), default, info.description or "")

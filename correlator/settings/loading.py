"""Loads the settings of a process from its environment. Errors are sentences for people."""

import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from correlator.settings.errors import VARIABLE_PREFIX, SettingsError, variable
from correlator.settings.stage import Settings

_SERVICE_VARIABLE = re.compile(r"\w+_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_\w+)?)")
_SERVICE_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://")
_WORDING: Final = {
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}


def load(options: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """Read the settings from the environment, and from ``options`` that were typed, by field, which override it.

    Raises `SettingsError` for bad values, and for ``CORRELATOR_*`` variables that are not settings: a typo would
    otherwise leave a default in force unnoticed.
    """
    faults = list(_unknown(os.environ))
    try:
        settings = Settings(**options)  # type: ignore[arg-type]  # texts, as the environment's
    except ValidationError as error:
        faults += [_sentence(detail) for detail in error.errors() if detail["type"] != "default_factory_not_called"]
        raise SettingsError("\n".join(faults)) from None
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def _sentence(detail: ErrorDetails) -> str:
    wording = _WORDING.get(detail["type"])
    message = wording.format(**detail.get("ctx", {})) if wording else detail["msg"]
    if not detail["loc"]:
        return f"{message}."
    given = str(detail["input"])
    return f"{variable(str(detail['loc'][0]))} is {given[:80]!r} but {message}."


def _unknown(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable that looks like a setting and is not one. Variables that Kubernetes sets for a
    service named ``correlator…`` are fine.
    """
    known = {variable(field) for field in Settings.model_fields}
    for name, value in environ.items():
        upper = name.upper()
        if not upper.startswith(VARIABLE_PREFIX) or upper in known:
            continue
        if _SERVICE_VARIABLE.fullmatch(upper) or (upper.endswith("_PORT") and _SERVICE_ADDRESS.match(value)):
            continue
        close = get_close_matches(
            upper.removeprefix(VARIABLE_PREFIX), (field.upper() for field in Settings.model_fields), n=1
        )
        yield f"{name} is not a setting; {f'did you mean {variable(close[0])}?' if close else 'the README lists them.'}"

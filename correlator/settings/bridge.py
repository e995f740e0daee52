"""The settings of the bridge: which events it reads, from when on, and how far back it looks again."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field
from pydantic_settings import BaseSettings

from correlator.settings.values import PositiveDuration, Prefixes, Time, Window

BRIDGE: Final = "bridge_"
"""The prefix of most of their names."""


class BridgeSettings(BaseSettings):
    """The bridge's own settings. Prefect's own variables say where its server is: see `bridge.server`."""

    bridge_events: Prefixes = Field(
        ("prefect.worker.", "prefect.runner.", "prefect.flow-run.", "prefect.kubernetes.pod.", "prefect.ecs.task."),
        description="What the names of the events begin with that the bridge brings, with commas between, or `all`."
        " The default is all that the stage reads.",
    )
    bridge_since: Time | None = Field(
        None,
        description="Where the bridge's very first start begins, a date or a time, such as `2026-11-01`; without it, at"
        " that moment. From then on it goes on where it left off.",
    )
    bridge_window: Window = Field(
        timedelta(hours=2),
        description="How long after it occurred an event may reach Prefect's server and still be found"
        " (at least `30m`).",
    )
    bridge_reconcile: PositiveDuration = Field(
        timedelta(minutes=5), description="How often the bridge compares what it brought with what the server has."
    )
    bridge_web_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        8081, description="The port of the bridge's `/healthz`, `/readyz` and `/metrics`; `0` opens none."
    )
    prefect_api_key_file: Path | None = Field(
        None, description="A file that holds what `PREFECT_API_KEY` would; read for every connection."
    )
    prefect_api_auth_string_file: Path | None = Field(
        None, description="A file that holds what `PREFECT_API_AUTH_STRING` would; read for every connection."
    )

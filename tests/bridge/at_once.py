"""Runs tests at the same time that mostly wait and do not disturb each other; they are reported one by one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from tests.bridge.scene import Scene

Cases = Mapping[str, Callable[[Scene], Awaitable[Any]]]


async def at_once(cases: Cases, scene: Scene, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Run the cases that the selected tests of this module need. Returns what each returned or raised, by name."""
    calls = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    selected = {call.params["case"] for call in calls if call is not None and "case" in call.params}
    chosen = {name: case for name, case in cases.items() if name in selected}
    came = await asyncio.gather(*(case(scene) for case in chosen.values()), return_exceptions=True)
    return dict(zip(chosen, came, strict=True))


def outcome(came: Mapping[str, Any], case: str) -> Any:
    """Return what a case returned, or raise what it raised."""
    if isinstance(error := came[case], BaseException):
        raise error
    return came[case]

"""Running an engine as a process, until a signal or a failure that it must not survive."""

import asyncio
import logging
import os
import signal
import sys

from aiokafka.errors import ProducerFenced

from correlator.engine.engine import Engine

log = logging.getLogger(__name__)

STOP_LIMIT_UNREAD = 3.0
"""Seconds that stopping may take while no partition is read yet: Faust's consumer may then never answer."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def die(what: str, exc: BaseException) -> None:
    """Log one line and end the process at once: memory may differ from what is durable, so nothing may continue.

    A successor ends its transaction, and reads again from the committed offset.
    """
    log.critical("%s, so this process ends: %s", what, describe(exc))
    leave(1)


def describe(exc: BaseException) -> str:
    """An exception and its cause in one readable line, also where it has no text of its own."""
    if isinstance(exc, BaseExceptionGroup):  # a task group's own text says only how many there are
        return describe(exc.exceptions[0])
    if isinstance(exc, ProducerFenced):  # aiokafka's own text says the same, and less clearly
        return "ProducerFenced: others have taken over, or a transaction took longer than its timeout"
    cause = f" ({describe(exc.__cause__)})" if exc.__cause__ is not None else ""
    text, name = " ".join(str(exc).split()), type(exc).__name__
    return (f"{name}: {text}" if text and name not in text else text or name) + cause


async def run(engine: Engine) -> bool:
    """Run until SIGTERM or SIGINT, then finish the beat in hand and leave the group.

    Returns whether everything has stopped; if not, nothing is left to finish, and the caller should `leave`. Whatever
    else ends the app goes to ``engine.fail``.
    """
    app, stop = engine.app, asyncio.Event()
    for signal_ in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(signal_, stop.set)
    app.in_worker = True
    watching = asyncio.ensure_future(engine.watch())
    watching.add_done_callback(
        lambda it: (
            it.cancelled()
            or engine.fail("the watchdog stopped", it.exception() or RuntimeError("it ended unexpectedly"))
        )
    )
    stopping = asyncio.ensure_future(stop.wait())
    starting = asyncio.ensure_future(_start(engine))
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and not starting.exception():
        stopped = asyncio.ensure_future(app.wait_until_stopped())
        await asyncio.wait({stopped, stopping}, return_when=asyncio.FIRST_COMPLETED)
    crash = (starting.done() and starting.exception()) or app.crash_reason
    if crash or not stopping.done():
        engine.fail("the app crashed", crash or RuntimeError("it ended unexpectedly"))
    starting.cancel()  # from here on, its failure does not matter
    stopped_whole = await _stop(engine)
    watching.cancel()
    return stopped_whole


async def _start(engine: Engine) -> None:
    try:
        await engine.start()
    except Exception as exc:  # noqa: BLE001 - whatever it is, nothing can be committed
        engine.fail(f"could not take the transactional id {engine.id}", exc)
    await engine.app.start()


async def _stop(engine: Engine) -> bool:
    """Finish the beat in hand and leave the group, within a time limit: Faust, or a broker that hangs, may never
    answer. Returns whether everything has stopped.
    """
    in_hand = engine.assignments.in_hand
    patience = engine.options.stop_limit if in_hand else STOP_LIMIT_UNREAD
    finishing = asyncio.ensure_future(_finish(engine))
    await asyncio.wait({finishing}, timeout=patience)
    if finishing.done():
        finishing.result()
        return True
    # It is not cancelled: Faust swallows that, and waits for the next of its services.
    if in_hand or engine.assignments.in_hand:
        engine.fail(f"it did not stop within {patience:.0f} seconds", TimeoutError("Kafka or Faust kept it waiting"))
    return False


async def _finish(engine: Engine) -> None:
    await engine.app.stop()
    await engine.assignments.let_go()
    await engine.stop()


def leave(code: int) -> None:
    """End the process at once, whatever threads Faust has left running."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

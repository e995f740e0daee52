"""The faults, a function each. Each returns when it is over, what was stopped started again, and says what it did."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Final, NamedTuple

from chaos.feeding import Feeder
from chaos.stage import SESSION_TIMEOUT
from chaos.truth import Truth
from chaos.verdict import Verdict
from chaos.workers import RESTART, Worker, Workers
from local import Broker
from local.jvm import JvmBroker

MESSAGE_BYTES: Final = 1_048_588
"""What a topic takes by default, batch and all."""


class Scene(NamedTuple):
    """What faults are thrown at."""

    workers: Workers
    brokers: Sequence[Broker]
    feeder: Feeder
    truth: Truth
    verdict: Verdict
    length: float
    """Of what lasts as long as one likes: 1 for its whole length."""


async def kill(scene: Scene, rng: Random) -> str:
    """A machine's end, or the kernel's for want of memory."""
    return _kill(rng.choice(scene.workers.all))


async def kill_two(scene: Scene, rng: Random) -> str:
    """Two of them."""
    return _kill(*rng.sample(scene.workers.all, min(2, len(scene.workers.all))))


async def kill_all(scene: Scene, _: Random) -> str:
    """Every worker, and so both stages wherever they are."""
    return _kill(*scene.workers.all)


async def terminate(scene: Scene, rng: Random) -> str:
    """Kubernetes' way to end a pod."""
    return await _restart(rng.choice(scene.workers.all), signal.SIGTERM)


async def interrupt(scene: Scene, rng: Random) -> str:
    """A person's way."""
    return await _restart(rng.choice(scene.workers.all), signal.SIGINT)


async def sleep_on(scene: Scene, rng: Random) -> str:
    """A worker stands still until others have its partitions, and then goes on as if nothing were."""
    worker, seconds = rng.choice(scene.workers.all), rng.uniform(1.5, 2.5) * SESSION_TIMEOUT
    worker.pause()
    await asyncio.sleep(seconds)
    worker.resume()
    return f"{worker.name}, {seconds:.0f} s"


async def crowd(scene: Scene, _: Random) -> str:
    """More workers than there are partitions come, and go again."""
    more = [scene.workers.add() for _ in range(scene.workers.partitions + 1 - len(scene.workers.all))]
    await asyncio.sleep(15)
    await asyncio.gather(*(scene.workers.remove(worker) for worker in more))
    return f"{len(more)} more"


async def roll(scene: Scene, _: Random) -> str:
    """Every worker is restarted, one after the other."""
    for worker in scene.workers.all:
        await _restart(worker, signal.SIGTERM)
        await worker.ready()
    return f"{len(scene.workers.all)} workers"


async def bad_input(scene: Scene, rng: Random) -> str:
    """Invalid events among the others."""
    for _ in range(20):
        _write_invalid(scene, rng.randrange(2000), fits=True)
        await asyncio.sleep(0.1)
    return "20 events"


async def large_input(scene: Scene, rng: Random) -> str:
    """Invalid events that fill a record, so that with the reasons they are too large for a dead letter."""
    for _ in range(3):
        _write_invalid(scene, MESSAGE_BYTES - rng.randrange(300, 600), fits=False)
        await asyncio.sleep(0.3)
    return "3 events"


async def kill_broker(scene: Scene, rng: Random) -> str:
    """A broker's machine ends, and comes back as fast as it can."""
    broker = rng.choice(scene.brokers)
    await asyncio.to_thread(broker.restart)
    return broker.bootstrap_servers


async def broker_down(scene: Scene, rng: Random) -> str:
    """A broker is away for a minute."""
    broker, seconds = rng.choice(scene.brokers), 60 * scene.length
    broker.kill()
    await asyncio.sleep(seconds)
    await asyncio.to_thread(broker.start)
    return f"{broker.bootstrap_servers}, {seconds:.0f} s"


async def kill_broker_and_worker(scene: Scene, rng: Random) -> str:
    """A machine's end that takes both along: the worker starts while the dead broker is still in the metadata."""
    broker = rng.choice(scene.brokers)
    broker.kill()
    killed = _kill(rng.choice(scene.workers.all))
    await asyncio.sleep(10 * scene.length)
    await asyncio.to_thread(broker.start)
    return f"{broker.bootstrap_servers}, {killed}"


async def hang_broker(scene: Scene, rng: Random) -> str:
    """A broker says nothing, and its connections stay open: a stuck disk, a lost network."""
    broker, seconds = rng.choice(scene.brokers), rng.uniform(20, 50) * scene.length
    broker.pause()
    await asyncio.sleep(seconds)
    broker.resume()
    return f"{broker.bootstrap_servers}, {seconds:.0f} s"


async def slow_broker(scene: Scene, rng: Random) -> str:
    """A broker takes up to 0.6 s more for whatever it is asked: it stands still three quarters of the time."""
    broker, pulses = rng.choice(scene.brokers), round(30 * scene.length)
    for _ in range(pulses):
        broker.pause()
        await asyncio.sleep(0.6)
        broker.resume()
        await asyncio.sleep(0.2)
    return f"{broker.bootstrap_servers}, {0.8 * pulses:.0f} s"


async def move_leaders(scene: Scene, rng: Random) -> str:
    """A broker is shut down in order, as for an upgrade, and comes back."""
    broker = rng.choice(scene.brokers)
    assert isinstance(broker, JvmBroker)
    await asyncio.to_thread(broker.shut_down)
    await asyncio.sleep(5)
    await asyncio.to_thread(broker.start)
    return broker.bootstrap_servers


async def bury_broker(scene: Scene, rng: Random) -> str:
    """A broker ends, and does not come back."""
    broker = rng.choice(scene.brokers)
    broker.kill()
    return broker.bootstrap_servers


def _kill(*workers: Worker) -> str:
    for worker in workers:
        worker.kill()
    return ", ".join(worker.name for worker in workers)


async def _restart(worker: Worker, number: signal.Signals) -> str:
    await worker.stop(number)
    await asyncio.sleep(RESTART)
    worker.start()
    return worker.name


def _write_invalid(scene: Scene, size: int, *, fits: bool) -> None:
    said, letter = scene.truth.invalid(size, fits=fits)
    scene.feeder.write([said])
    scene.verdict.expect([letter])


class Fault(NamedTuple):
    """A fault, as the table names it."""

    name: str
    throw: Callable[[Scene, Random], Awaitable[str]]
    brokers: int = 1
    """How many it takes."""
    last: bool = False
    """Whether nothing can come after it."""


FAULTS: Final = {
    fault.name: fault
    for fault in (
        Fault("worker kill -9", kill),
        Fault("worker SIGTERM", terminate),
        Fault("worker SIGINT", interrupt),
        Fault("worker asleep", sleep_on),
        Fault("two workers kill -9", kill_two),
        Fault("all workers kill -9", kill_all),
        Fault("rolling restart", roll),
        Fault("more workers than partitions", crowd),
        Fault("invalid events", bad_input),
        Fault("oversized invalid events", large_input),
        Fault("broker kill -9", kill_broker),
        Fault("broker down", broker_down),
        Fault("broker and worker kill -9", kill_broker_and_worker),
        Fault("broker hangs", hang_broker),
        Fault("broker slow", slow_broker),
        Fault("leaders moved", move_leaders, brokers=3),
        Fault("broker dead for good", bury_broker, brokers=3, last=True),
    )
}

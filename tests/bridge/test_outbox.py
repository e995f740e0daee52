"""The outbox is bounded and keeps the order, and nobody waits for it longer than necessary."""

import asyncio

import pytest
from msgspec import Raw

from correlator.bridge import answers
from correlator.bridge.outbox import MAX_BYTES, MAX_EVENTS, MAX_QUEUED, Arrivals, Outbox, Way
from correlator.bridge.position import Swept
from tests.bridge.fakes import NOON, Event

ONE = [answers.event(Raw(Event(1, NOON).value))]


async def test_all_that_waits_is_taken_in_its_order():
    outbox, items = Outbox(), [Arrivals(ONE, Way.LIVE), Swept(NOON, {}), Arrivals(ONE, Way.SWEPT)]
    for item in items:
        await outbox.put(item)
    assert await outbox.take() == items


@pytest.mark.parametrize("events, taken", [(ONE * (MAX_EVENTS // 2), 2), (ONE * MAX_EVENTS, 1), (ONE, 5)])
async def test_so_many_events_go_out_together(events, taken):
    outbox = Outbox()
    for _ in range(5):
        await outbox.put(Arrivals(events, Way.SWEPT))
    assert len(await outbox.take()) == taken


async def test_so_many_bytes_go_out_together():
    large = answers.event(Raw(Event(1, NOON, "x" * (MAX_BYTES // 2)).value))
    outbox = Outbox()
    for _ in range(5):
        await outbox.put(Arrivals([large], Way.SWEPT))
    assert len(await outbox.take()) == 2


async def test_who_brings_more_waits_and_who_offers_is_told():
    outbox = Outbox()
    for _ in range(MAX_QUEUED):
        assert await outbox.offer(Arrivals(ONE, Way.LIVE))
    assert not await outbox.offer(Arrivals(ONE, Way.LIVE))
    putting = asyncio.ensure_future(outbox.put(Swept(NOON, {})))
    await asyncio.sleep(0.01)
    assert not putting.done()
    await outbox.take()
    await putting


async def test_under_a_steady_load_what_was_put_before_is_not_waited_for_for_ever():
    """A sweep ends when what it brought is published, whatever the stream brings meanwhile."""
    outbox = Outbox()
    await outbox.put(Arrivals(ONE, Way.SWEPT))
    waiting = asyncio.ensure_future(outbox.until_published())
    for _ in range(3):
        items = await outbox.take()
        await outbox.put(Arrivals(ONE, Way.LIVE))
        await outbox.published(items)
        await asyncio.sleep(0)
    await asyncio.wait_for(waiting, 1)
    assert outbox.waits

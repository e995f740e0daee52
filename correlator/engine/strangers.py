"""Transactions that dead workers have left open: they would hold back who takes over until they time out."""

import asyncio
import logging
from itertools import chain, repeat

from correlator.engine.brokers import Brokers

OFTEN, TIMES, SELDOM = 0.5, 20, 10.0
"""Seconds between two looks: so many times while others' partitions are being taken over, and from then on."""

_log = logging.getLogger(__name__)


async def end_strangers(brokers: Brokers, prefix: str) -> None:
    """End what was left open under ids that begin with ``prefix`` and are no member's client id, until cancelled: a
    worker's client id is its transactional id, so that everybody can tell.

    This saves time, and no more: a transaction that is being committed is not ended by it, and must be waited for.
    """
    for pause in chain(repeat(OFTEN, TIMES), repeat(SELDOM)):
        try:
            await _look(brokers, prefix)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody else will say it, if it matters
            _log.debug("could not look for open transactions: %r", error)
        await asyncio.sleep(pause)


async def _look(brokers: Brokers, prefix: str) -> None:
    open_ = {id_ for id_ in await brokers.ongoing() if id_.startswith(prefix)}
    for id_ in open_ - await brokers.members() if open_ else ():
        _log.info("ending what %s has left open, which is no member of the group any more", id_)
        await brokers.end_transaction(id_)

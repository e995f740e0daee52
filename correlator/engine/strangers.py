"""Transactions that dead workers have left open: they would hold back who takes over until they time out."""

import asyncio
import logging
from typing import Final

from aiokafka.errors import KafkaError

from correlator.engine.brokers import Brokers

LOOK: Final = 0.5
"""Seconds between two looks."""

_log = logging.getLogger(__name__)


async def end_strangers(brokers: Brokers, prefix: str) -> None:
    """End what was left open under ids that begin with ``prefix`` and are no member's client id, until cancelled: a
    worker's client id is its transactional id, so that everybody can tell.

    This saves time, and no more: a transaction that is being committed is not ended by it, and must be waited for.
    """
    while True:
        try:
            open_ = {id_ for id_ in await brokers.ongoing() if id_.startswith(prefix)}
            for id_ in open_ - await brokers.members() if open_ else ():
                _log.info("ending what %s has left open, which is no member of the group any more", id_)
                await brokers.end_transaction(id_)
        except KafkaError as error:  # it is the take-over that must say what is wrong
            _log.debug("could not look for open transactions: %r", error)
        await asyncio.sleep(LOOK)

"""Ends transactions that dead workers have left open: until these time out, they would hold back the workers that take
over.
"""

import asyncio
import logging
from itertools import chain, repeat

from correlator.engine.brokers import Brokers

FIRST_PAUSE, FIRST_PAUSES, LATER_PAUSE = 0.5, 20, 10.0
"""Seconds between two looks: the first pause, how often it is used (while partitions are taken over), and the later
one.
"""

_log = logging.getLogger(__name__)


async def end_strangers(brokers: Brokers, prefix: str) -> None:
    """Until cancelled, end the open transactions of ids that begin with ``prefix`` and are no member's client id. A
    worker's client id is its transactional id, so every worker can tell.

    This only saves time: it does not end a transaction that is being committed, which must be waited for anyway.
    """
    for pause in chain(repeat(FIRST_PAUSE, FIRST_PAUSES), repeat(LATER_PAUSE)):
        try:
            await _look(brokers, prefix)
        except Exception as error:  # noqa: BLE001 - whatever it is, if it matters, it shows elsewhere
            _log.debug("could not look for open transactions: %r", error)
        await asyncio.sleep(pause)


async def _look(brokers: Brokers, prefix: str) -> None:
    open_ = {id_ for id_ in await brokers.ongoing() if id_.startswith(prefix)}
    for id_ in open_ - await brokers.members() if open_ else ():
        _log.info("ending the open transaction of %s, which is no longer a member of the group", id_)
        await brokers.end_transaction(id_)

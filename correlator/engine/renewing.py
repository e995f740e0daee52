"""A new epoch for a producer's id: requests that were sent twice under the old epoch, and may still arrive, are then
refused.
"""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.producer.transaction_manager import TransactionState
from aiokafka.util import create_future


async def renew(producer: AIOKafkaProducer) -> None:
    """Make a producer ask for its id again, as at its start (InitProducerId). It must not be in a transaction.

    If a broker closes the connection or does not answer, aiokafka repeats the request and goes on under the same epoch.
    If the first TxnOffsetCommit or EndTxn then arrives in the next transaction, it sets an offset back, or ends that
    transaction half-way (`docs/protocol.md`). Raises what the sender raises.
    """
    manager, sender = producer._txn_manager, producer._sender
    manager.state = TransactionState.UNINITIALIZED
    manager._pid_and_epoch = manager._pid_and_epoch._replace(pid=-1, epoch=-1)
    manager._pid_waiter = create_future()
    manager._sequence_numbers.clear()  # they count within an epoch
    manager.notify_task_waiter()
    known = asyncio.ensure_future(manager.wait_for_pid())
    await asyncio.wait({known, sender.sender_task}, return_when=asyncio.FIRST_COMPLETED)
    if not known.done():
        known.cancel()
        await sender.sender_task

"""What a subscriber of the server receives. It includes events with repeated ids, which the server does not store
again.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import orjson

from sessions.server import Stuck


class Listener:
    """Subscribes to the server, and keeps each event as it comes."""

    def __init__(self, url: str) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/events/out"
        self.is_there = asyncio.Event()
        """Set once it is subscribed."""
        self.heard: list[bytes] = []

    async def listen(self) -> None:
        """Keep events until cancelled. Raises `Stuck` if the stream ends."""
        try:
            await self._listen()
        except (OSError, aiohttp.ClientError) as error:
            raise Stuck(f"the server's websocket: {type(error).__name__} {error}.") from None
        raise Stuck("the server closed its websocket.")

    async def _listen(self) -> None:
        day = timedelta(days=1)
        since, until = ((datetime.now(UTC) + span).isoformat() for span in (-day, day))
        wanted = {"type": "filter", "filter": {"occurred": {"since": since, "until": until}}}
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(self._url, protocols=("prefect",), max_msg_size=0) as socket,
        ):
            await socket.send_json({"type": "auth", "token": None})
            await socket.receive()
            await socket.send_json(wanted)
            self.is_there.set()
            async for message in socket:
                self.heard.append(orjson.dumps(orjson.loads(message.data)["event"]))

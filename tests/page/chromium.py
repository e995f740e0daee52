"""Drives a page in a real Chromium by the DevTools protocol: its console, the scripts that it runs, its width."""

import asyncio
import base64
import itertools
import shutil
from asyncio.subprocess import DEVNULL
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

WIDTHS = {"phone": 390, "small phone": 360, "desktop": 1280}


def installed() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Tab:
    """A tab, with all that it reported: console messages, exceptions, dialogs, and what the browser refused to load."""

    def __init__(self, socket):
        self.said, self._socket, self._ids = [], socket, itertools.count(1)

    async def call(self, method, **params):
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._receive()
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]

    async def open(self, url, width, height=900, *, dark=False):
        """Load a page at a width in CSS pixels, and wait until it is there."""
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=features)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Page.navigate", url=url)
        while (await self._receive()).get("method") != "Page.loadEventFired":
            pass

    async def evaluate(self, expression):
        """The value of an expression. The debugger evaluates it, which the page's policy does not prevent."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def picture(self) -> bytes:
        """A screenshot, as a PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])

    async def _receive(self):
        message = await self._socket.receive_json(timeout=30)
        if message.get("method") in (
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        ):
            self.said.append(message)
        if message.get("method") == "Page.javascriptDialogOpening":  # otherwise every later call waits for it
            close = {"id": next(self._ids), "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
            await self._socket.send_json(close)
        return message


@asynccontextmanager
async def a_tab(program, profile: Path):
    """A tab of a new Chromium with a new profile."""
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]
    command += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        port = await _port(process, profile / "DevToolsActivePort")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/json/list") as answer:
                (target,) = (it for it in await answer.json() if it["type"] == "page")
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def _port(process, file: Path):
    for _ in range(300):
        assert process.returncode is None, f"Chromium ended with {process.returncode}."
        if lines := _lines(file):
            return int(lines[0])
        await asyncio.sleep(0.1)
    raise AssertionError("Chromium did not open its debugging port within 30 s.")


def _lines(file: Path):
    return file.read_text().split() if file.exists() else []

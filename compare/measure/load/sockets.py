"""Many sockets on one app, in a separate process that `load live` controls.

It answers each line of JSON on standard input with a line of JSON on standard output.
"""

import asyncio
import json
import sys
import time
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

AT_ONCE = 40
"""The number of parallel handshakes: less than the backlog of any server."""
TIMEOUT = 120.0
TICK = 0.01


class Socket:
    """One connection, with the time of each frame."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[tuple[float, bytes]] = []
        self.end = ""
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        # Frames are parsed later, since parsing would delay the measured times.
        try:
            while True:
                frame = await self.connection.recv(decode=False)
                self.frames.append((time.time(), frame))
        except WebSocketException as error:
            self.end = str(error)

    async def subscribe(self, channels: list[str]) -> None:
        for channel in channels:
            await self.connection.send(json.dumps({"type": "subscribe", "channel": channel}))

    def events(self) -> list[tuple[float, int]]:
        read = ((came, json.loads(frame)) for came, frame in self.frames)
        return [(came, frame["id"]) for came, frame in read if frame["type"] == "event"]

    def answers(self) -> list[Any]:
        return [json.loads(frame) for _, frame in self.frames]

    async def close(self) -> None:
        self._listening.cancel()
        await self.connection.close()


class Lateness:
    """How late the event loop of this process wakes up, which is part of the measured delays."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self._ticking = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK)
            self.milliseconds.append((time.monotonic() - before - TICK) * 1000)


class Sockets:
    def __init__(self) -> None:
        self.all: list[Socket] = []
        self.lateness = Lateness()
        self.busy_since = 0.0
        self.measured_since = 0.0

    async def connect(self, *, url: str, count: int) -> dict[str, Any]:
        """Open this number of sockets."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def open_one() -> Socket:
            async with limit:
                options = {"compression": None, "max_queue": None, "proxy": None}
                connection = await connect(
                    url,
                    open_timeout=TIMEOUT,
                    ping_interval=None,
                    **options,  # type: ignore[arg-type]
                )
                return Socket(connection)

        opening = [asyncio.create_task(open_one()) for _ in range(count)]
        results = await asyncio.gather(*opening, return_exceptions=True)
        self.all = [result for result in results if isinstance(result, Socket)]
        failures = [repr(result) for result in results if isinstance(result, BaseException)]
        return {"connected": len(self.all), "failures": failures}

    async def subscribe(self, *, channels: list[str]) -> dict[str, Any]:
        """Subscribe all sockets, and wait until each subscription is confirmed."""
        await asyncio.gather(*(socket.subscribe(channels) for socket in self.all))
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and any(
            len(socket.frames) < len(channels) and not socket.end for socket in self.all
        ):
            await asyncio.sleep(0.02)
        answers = [answer for socket in self.all for answer in socket.answers()]
        refusals = [answer for answer in answers if answer["type"] != "subscribed"]
        missing = len(channels) * len(self.all) - len(answers)
        for socket in self.all:
            socket.frames.clear()
        self.lateness.milliseconds.clear()
        self.busy_since, self.measured_since = time.process_time(), time.monotonic()
        return {"refusals": refusals, "missing": missing, "ends": self.ends()}

    async def collect(self, *, events: int) -> dict[str, Any]:
        """Wait until each socket has this number of events, and a little longer for extra ones."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and any(
            len(socket.frames) < events and not socket.end for socket in self.all
        ):
            await asyncio.sleep(0.02)
        busy = time.process_time() - self.busy_since
        took = time.monotonic() - self.measured_since
        lateness = sorted(self.lateness.milliseconds)
        await asyncio.sleep(0.5)
        return {
            "arrivals": [socket.events() for socket in self.all],
            "ends": self.ends(),
            "cpuSeconds": busy,
            "seconds": took,
            "lateness": lateness,
        }

    def ends(self) -> list[str]:
        return [socket.end for socket in self.all if socket.end]

    async def close(self) -> dict[str, Any]:
        await asyncio.gather(*(socket.close() for socket in self.all))
        return {}


async def serve_commands() -> None:
    sockets = Sockets()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        answer = await getattr(sockets, order.pop("do"))(**order)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(serve_commands())

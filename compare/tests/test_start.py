"""How long a server may take until it responds without an error."""

import asyncio
import signal
import sys
from pathlib import Path

from compare.run.apps import HOST, free_port
from compare.run.processes import Processes
from compare.run.start import answers
from compare.run.terminal import LogFile

# A server that answers each request with 500.
UNHEALTHY = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500)

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_unhealthy_server(tmp_path: Path) -> None:
    """A server that answers 500 has a deadline, and its log says what it answered."""

    async def start() -> bool:
        async with Processes(stop_signal=signal.SIGTERM, grace=1) as processes:
            port = free_port()
            command = [sys.executable, "-c", UNHEALTHY, str(port)]
            log = LogFile("server", tmp_path / "log")
            child = await processes.start(log, command, cwd=tmp_path)
            return await answers(child, f"http://{HOST}:{port}/", timeout=5)

    assert not asyncio.run(start())
    assert "answered 500 for 5 seconds" in (tmp_path / "log").read_text("utf-8")

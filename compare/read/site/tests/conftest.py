"""The pages twice: on a plain file server below a path, and from `up`, with the three apps."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from compare.read.site.build import build
from compare.run.apps import HOST, ROOT, free_port

# Timeout in milliseconds for each step in a page, long enough for a busy machine.
TIMEOUT = 30_000
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    expect.set_options(timeout=TIMEOUT)
    config.addinivalue_line("markers", "visit(**options): the options of the browser's context")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the log of the file server would not help."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages in a folder below it."""
    folder = tmp_path_factory.mktemp("server")
    build(folder / "some" / "where")
    return folder


@pytest.fixture(scope="session")
def static(site: Path) -> Iterator[str]:
    """The address of the pages on a file server that knows nothing of the apps."""
    server = ThreadingHTTPServer((HOST, 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{HOST}:{server.server_port}/some/where/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the pages that `up` serves; the apps are on the next three ports."""
    port = free_port(4)
    log = tmp_path_factory.mktemp("up") / "log"
    home = {"TRIPTYCH_HOME": str(tmp_path_factory.mktemp("home"))}
    with log.open("w", encoding="utf-8") as output, subprocess.Popen(
        [sys.executable, "-m", "compare", "up", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | home,
        stdout=output,
        stderr=subprocess.STDOUT,
    ) as up:  # fmt: skip
        address = f"http://{HOST}:{port}/"
        try:
            wait_for_apps(address, up, log)
            yield address
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(timeout=30)
    assert up.returncode == 130, log.read_text("utf-8")


def wait_for_apps(address: str, up: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end and up.poll() is None:
        try:
            if "fastapi" in httpx2.get(f"{address}live.js", trust_env=False).text:
                return
        except httpx2.TransportError:
            pass  # not listening yet
        time.sleep(0.2)
    raise AssertionError(f"the apps did not come up:\n{log.read_text('utf-8')}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        pytest.skip(f"no Chromium on the PATH by any of its names: {', '.join(CHROMIUM)}")
    with sync_playwright() as playwright, playwright.chromium.launch(
        executable_path=executable,
        # Chromium's sandbox does not start for root, and tests in containers often run as root.
        chromium_sandbox=False,
    ) as browser:  # fmt: skip
        yield browser


class Visitor:
    """Opens pages, and records what they load, and their warnings and errors."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.loaded: dict[str, int] = {}
        self.errors: list[str] = []

    def open(self, address: str) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._listen)
        page.on("requestfinished", self._count)
        page.goto(address)
        return page

    def _count(self, request: Any) -> None:
        self.loaded[request.url] = request.sizes()["responseBodySize"]

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"warning", "error"}:
            self.errors.append(message.text)

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.loaded}


@pytest.fixture
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """With the options of the mark `visit(…)`, which are those of a browser's context."""
    mark = request.node.get_closest_marker("visit")
    with browser.new_context(**(mark.kwargs if mark else {})) as context:
        visitor = Visitor(context)
        yield visitor
        assert visitor.errors == []

"""`differences`: what each framework answers where nobody has told it what to answer.

It asks the three apps in `compare/bare/`, each on the server that its app has in production,
and compares what they answer with the tables in `docs/differences.md`.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from difflib import unified_diff
from typing import Annotated

import typer

from compare.apps import APPS, BY_NAME, DJANGO, FASTAPI, FLASK, HOST, ROOT, App, python
from compare.bare.cases import CASES, Case
from compare.pieces import find
from compare.terminal import Failed, out

PAGE = ROOT / "docs" / "differences.md"
TABLE = re.compile(r"(?P<start><!-- measured: (?P<topic>\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)
UVICORN = "-m uvicorn {app} --host {host} --port {port} --no-access-log --log-level critical"
COMMANDS = {
    DJANGO: UVICORN.replace("{app}", "compare.bare.with_django:application"),
    FLASK: "-m gunicorn compare.bare.with_flask:app --bind {host}:{port}"
    " --no-control-socket --log-level critical",
    FASTAPI: UVICORN.replace("{app}", "compare.bare.with_fastapi:app"),
}
PATIENCE = 20


def differences(
    write: Annotated[
        bool, typer.Option("--write", help="Write the tables of docs/differences.md anew.")
    ] = False,
) -> None:
    """Ask the bare frameworks, and check the tables of docs/differences.md."""
    with ExitStack() as running:
        ports = {app: running.enter_context(serving(app)) for app in APPS}
        tables = make_tables(ports)
    before = PAGE.read_text()
    after = fill(before, tables)
    if write:
        PAGE.write_text(after)
    elif before != after:
        _, _, *lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        out.print("\n".join(lines), markup=False, soft_wrap=True)
        raise Failed(f"{PAGE.name} says something else: run ./triptych differences --write")
    out.print(f"{PAGE.relative_to(ROOT)}: {len(CASES)} rows are as measured.")


@contextmanager
def serving(app: App) -> Iterator[int]:
    """The port on which the bare app of this framework answers."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    settings = os.environ | {
        "DJANGO_SETTINGS_MODULE": "compare.bare.django_settings",
        # Two of them give the methods in `Allow` in the order of a set.
        "PYTHONHASHSEED": "0",
    }
    command = python(COMMANDS[app].format(host=HOST, port=port))
    process = subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process, app)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def wait_for(port: int, process: subprocess.Popen[bytes], app: App) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((HOST, port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failed(f"the bare {app.title} did not start: see {COMMANDS[app]}")


def make_tables(ports: Mapping[App, int]) -> dict[str, str]:
    """The table of each topic, in Markdown."""
    titles = " | ".join(app.title for app in APPS)
    head = f"| | {titles} | the contract | in the apps |\n|---|{'---|' * (len(APPS) + 2)}\n"
    tables: dict[str, str] = {}
    for case in CASES:
        answers = [
            ", ".join(case.show(request.send(ports[app])) for request in case.requests)
            for app in APPS
        ]
        cells = [case.title, *answers, case.contract, links(case)]
        tables.setdefault(case.topic, head)
        tables[case.topic] += f"| {' | '.join(cells)} |\n"
    return tables


def links(case: Case) -> str:
    """To the files, not to lines of them, which would move with every edit."""
    return ", ".join(link(BY_NAME[name], locator) for name, locator in case.made.items())


def link(app: App, locator: str) -> str:
    piece = find(locator, app.folder)
    *_, name = piece.name.split(".")
    return f"[{app.title} `{name}`](../{app.folder.name}/{piece.path})"


def fill(page: str, tables: Mapping[str, str]) -> str:
    """The page with these tables in their places, one place for each."""
    places = [place["topic"] for place in TABLE.finditer(page)]
    if sorted(places) != sorted(tables):
        raise Failed(f"{PAGE.name} has places for {', '.join(places)}, not {', '.join(tables)}")
    return TABLE.sub(lambda place: place["start"] + tables[place["topic"]], page)

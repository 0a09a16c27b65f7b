"""`load profile`: where the processor time of each read goes, layer by layer."""

import asyncio
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from compare.measure.bench.servers import BenchSite, copy_database, running_site, start_app
from compare.measure.bench.speed import timed
from compare.measure.bench.verify import ARTICLE, READS
from compare.measure.bench.wrk import MISSING, find_wrk, send
from compare.run.apps import BY_NAME, ROOT, App, AppsOption, Server, choose_apps
from compare.run.processes import Processes, failure, run_to_end
from compare.run.serve import choose_server
from compare.run.terminal import JSONOption, KeptLog, UsageError, err, out, print_json

CLIENTS = 16
RATE = 250
"""Samples per second; more would slow down the app."""
NO_PY_SPY = (
    "py-spy, which reads the stacks, is not installed: .venv/bin/python -m pip install py-spy"
)

LAYERS: Mapping[str, str] = {
    "log": r"/logging/|conduit/logs\.py",
    "serialization": r"/pydantic|ninja/(schema|responses|renderers)|fastapi/(_compat|encoders)|"
    r"/schemas\.py|/json/|conduit/contract/responses|ninja/parser",
    "driver and pool": r"/psycopg|/sqlite3|/aiosqlite"
    r"|django/db/(backends|transaction|utils|__init__)"
    r"|sqlalchemy/(pool|dialects)|conduit/database",
    "queries and models": r"django/db/|sqlalchemy/|/(models|queries)\.py|django/utils/tree",
    "loop and threads": r"/asyncio/|uvloop|/asgiref/|concurrent/futures|threading\.py|/anyio/"
    r"|selectors\.py|contextlib\.py|greenlet",
    "server": r"/uvicorn/|/gunicorn/|/httptools|/waitress/|/hypercorn/|socket\.py"
    r"|conduit/(protocol|worker)\.py",
    "contract": r"conduit/contract/",
    "middleware": r"django/(middleware|core/handlers|contrib|http)|corsheaders|whitenoise"
    r"|flask_cors"
    r"|starlette/middleware|conduit/middleware\.py|conduit/__init__\.py|/asgi\.py|/wsgi\.py",
    "routing and handler": r"/ninja/|django/(urls|views)|/flask|/werkzeug/|/fastapi/|/starlette/"
    r"|conduit/",
}
"""The layers, each with the files that belong to it; the first that matches counts.

A file of the standard library belongs to the layer that calls it, unless it is named here.
"""
OTHER = "other"
PATTERNS = {name: re.compile(pattern) for name, pattern in LAYERS.items()}
FRAME = re.compile(r"^(?P<function>.*) \((?P<file>.*):\d+\)$")


@dataclass(frozen=True)
class ProfiledRead:
    name: str
    processor_time: float
    """Milliseconds of the app for one request, while it is being profiled."""
    shares: Mapping[str, float]
    """The shares of the processor time, by layer; their sum is 1."""


@dataclass(frozen=True)
class Profile:
    app: str
    server: str
    reads: Sequence[ProfiledRead]


def profile(
    app: AppsOption = None,
    server: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Use another server of the app, such as gunicorn."),
    ] = None,
    seconds: Annotated[
        int, typer.Option(min=1, max=60, metavar="N", help="Send each read for N seconds.")
    ] = 8,
    as_json: JSONOption = False,
) -> None:
    """Send each read to an app, and show how much processor time each layer of the app takes."""
    wrk, py_spy = find_wrk(), find_py_spy()
    if wrk is None:
        raise UsageError(MISSING)
    if py_spy is None:
        raise UsageError(NO_PY_SPY)
    chosen = [(each, choose_server(each, server)) for each in choose_apps(app)]
    profiles = run_to_end(profile_all(wrk, py_spy, chosen, seconds))
    if as_json:
        print_json([asdict(each) for each in profiles])
        return
    for each in profiles:
        show(each)


def find_py_spy() -> str | None:
    """The program, on the PATH or beside the Python that is running."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("py-spy") or shutil.which("py-spy", path=beside)


async def profile_all(
    wrk: str, py_spy: str, chosen: Sequence[tuple[App, Server]], seconds: int
) -> list[Profile]:
    profiles = []
    with err.status("starting PostgreSQL") as status:
        async with running_site() as site:
            for app, server in chosen:
                running = await start_app(site, app, await copy_database(site, app), server=server)
                reads = []
                for name, template in READS.items():
                    status.update(f"{name} of {app.title}")
                    path = template.format(slug=ARTICLE)
                    await send(wrk, f"{running.url}{path}", clients=CLIENTS, seconds=1)
                    found, stacks = await asyncio.gather(
                        timed(wrk, running, path, CLIENTS, seconds + 1, ["get"]),
                        sample(site, py_spy, running.pid, seconds),
                    )
                    assert found.cpu_ms is not None  # it is a process of this machine
                    reads.append(ProfiledRead(name, found.cpu_ms, shares(stacks)))
                await site.stop(running)
                profiles.append(Profile(app.name, server.name, reads))
    return profiles


async def sample(site: BenchSite, py_spy: str, pid: int, seconds: int) -> list[str]:
    """The stacks of the server and its workers in that time, as py-spy writes them."""
    path = site.folder / "stacks.txt"
    # Only threads that hold the GIL: a thread that waits for it would look busy.
    command = [py_spy, "record", "--gil", "--pid", str(pid), "--subprocesses", "--full-filenames"]
    command += ["--rate", str(RATE), "--duration", str(seconds), "--format", "raw"]
    record = KeptLog("py-spy")
    async with Processes() as processes:
        code = await processes.call(
            record, [*command, "--output", str(path)], cwd=ROOT, timeout=seconds + 60
        )
    if code or not path.exists():
        raise failure(record, "py-spy could not read the stacks (it may need more rights)")
    return path.read_text("utf-8").splitlines()


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """The share of each layer: a sample counts for the layer of its innermost known frame.

    A line of `stacks` has the frames of one stack from the outside in, and the number of samples:
    `main (main.py:1);get (/app/views.py:7) 12`.
    """
    counts: Counter[str] = Counter()
    for line in stacks:
        frames, _, number = line.rpartition(" ")
        counts[layer_of_stack(frames.split(";"))] += int(number)
    total = counts.total()
    return {name: counts[name] / total for name in (*LAYERS, OTHER) if total}


def layer_of_stack(frames: Sequence[str]) -> str:
    for frame in reversed(frames):
        found = FRAME.match(frame)
        for name, pattern in PATTERNS.items():
            if found and pattern.search(found["file"]):
                return name
    return OTHER


def show(profile: Profile) -> None:
    """A row for each layer, in microseconds per request, with its share."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    title = f"{BY_NAME[profile.app].title} on {profile.server}: µs of processor time per request"
    out.print(title, highlight=False)
    table.add_column("", no_wrap=True)
    for read in profile.reads:
        table.add_column(read.name, justify="right", no_wrap=True)
    for layer in (*LAYERS, OTHER):
        table.add_row(layer, *(cell(read, layer) for read in profile.reads))
    totals = (f"{read.processor_time * 1000:,.0f}      " for read in profile.reads)
    table.add_row("[bold]all[/]", *totals)
    out.print(table)


def cell(read: ProfiledRead, layer: str) -> str:
    share = read.shares.get(layer, 0.0)
    return f"{read.processor_time * 1000 * share:,.0f} {share:4.0%}"

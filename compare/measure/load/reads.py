"""`load reads`: requests a second of each app, beside the same answers from SQL written by hand."""

import re
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import httpx2
import typer
from rich.table import Table

from compare.run.apps import APPS, HOST, ROOT, App, AppsOption, choose_apps, free_port
from compare.run.databases import PostgresDatabase, settings_for
from compare.run.postgres import running_postgres
from compare.run.processes import Processes, failure, run_to_end
from compare.run.start import answers, migrate, seed, serve
from compare.run.state import make_home, only_one
from compare.run.terminal import Failed, LogFile, Record, UsageError, err, out

GRACE = 5.0
WRK_TIMEOUT = 60
"""Seconds that wrk may take longer than it is told to."""
CONNECTIONS = 32
ARTICLE = "/api/articles/methods"
"""One of the demo site's, with three comments."""
READS = {
    "list": "/api/articles",
    "article": ARTICLE,
    "tags": "/api/tags",
    "comments": f"{ARTICLE}/comments",
}
# Of the usual server of each app, what names the application that it serves.
APPLICATIONS = {
    "django": ("conduit.asgi:application", "with_django:application"),
    "flask": ("conduit.wsgi:app", "with_flask:app"),
    "fastapi": ("conduit.asgi:app", "with_fastapi:app"),
}
# Different each time, and no matter of the framework.
PASSING = {"date", "x-request-id"}


@dataclass(frozen=True)
class Rate:
    """Requests a second."""

    app: float
    by_hand: float

    @property
    def ratio(self) -> float:
        return self.app / self.by_hand


@dataclass(frozen=True)
class ReadsBench:
    """Where the servers run: a PostgreSQL with the demo site, and settings that lead to it."""

    settings: Mapping[str, str]
    processes: Processes
    log: LogFile


def reads(
    app: AppsOption = None,
    seconds: Annotated[
        int, typer.Option(min=1, max=60, metavar="N", help="Measure each read for N seconds.")
    ] = 5,
) -> None:
    """Measure the reads of one process of each app, and of the same reads with SQL by hand."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise UsageError("wrk is not on the PATH, which sends the requests: install it")
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for head in ("", *READS):
        table.add_column(head, justify="right" if head else "left")
    for each, rates in run_to_end(carry_out(wrk, choose_apps(app), seconds)).items():
        table.add_row(f"[bold {each.colour}]{each.title}[/]", *(f"{r.app:.0f}" for r in rates))
        table.add_row("  by hand", *(f"{rate.by_hand:.0f}" for rate in rates))
        table.add_row("  ratio", *(f"{rate.ratio:.2f}" for rate in rates))
    out.print(table)


async def carry_out(wrk: str, apps: Sequence[App], seconds: int) -> dict[App, list[Rate]]:
    with err.status("filling a database") as status:
        async with running_bench() as bench:
            rates = {}
            for app in apps:
                status.update(f"{app.title}, and the same by hand")
                rates[app] = await measure(wrk, app, seconds, bench)
            return rates


@asynccontextmanager
async def running_bench() -> AsyncIterator[ReadsBench]:
    logs = make_home("load")
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one("load"))
        log = LogFile("reads", logs / "reads.log")
        postgres = await stack.enter_async_context(
            running_postgres(
                logs / "postgres",
                await stack.enter_async_context(Processes(stop_signal=signal.SIGINT, grace=GRACE)),
                log,
            )
        )
        database = PostgresDatabase(postgres.url, "load_reads")
        database.start_draft()
        database.finish_draft()
        settings = settings_for(database.url) | {"CONDUIT_ENV": "development"}
        processes = await stack.enter_async_context(
            Processes(stop_signal=signal.SIGTERM, grace=GRACE)
        )
        await migrate(APPS[0], settings, processes, log)
        await seed(APPS[0], settings, processes, log)
        yield ReadsBench(settings, processes, log)


async def measure(wrk: str, app: App, seconds: int, bench: ReadsBench) -> list[Rate]:
    """Both run all the while, and are asked in turns; the one that is not asked sleeps."""
    port, port_by_hand = free_port(), free_port()
    await migrate(app, bench.settings, bench.processes, bench.log)
    child = await serve(app, port, bench.settings, bench.processes, bench.log)
    usual, by_hand = APPLICATIONS[app.name]
    command = app.serve_command(app.servers[0], port=port_by_hand)
    command[command.index(usual)] = f"compare.measure.load.handwritten.{by_hand}"
    settings = {**bench.settings, "PYTHONPATH": str(ROOT)}
    other = await bench.processes.start(bench.log, command, cwd=app.folder, env=settings)
    addresses = f"http://{HOST}:{port}", f"http://{HOST}:{port_by_hand}"
    if not await answers(other, f"{addresses[1]}/api/health"):
        raise failure(bench.log, f"{app.name} by hand did not start")
    rates = []
    for path in READS.values():
        await ensure_equal(*addresses, path)
        for address in addresses:
            await ask(bench.processes, wrk, f"{address}{path}", 1)
        rates.append(
            Rate(
                *[
                    await ask(bench.processes, wrk, f"{address}{path}", seconds)
                    for address in addresses
                ]
            )
        )
    await bench.processes.stop(child, other)
    return rates


async def ensure_equal(one: str, other: str, path: str) -> None:
    """Compare only servers that give the same answer."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        first, second = [await client.get(f"{address}{path}") for address in (one, other)]
    first.raise_for_status()
    for what, left, right in (
        ("status", first.status_code, second.status_code),
        ("headers", lasting(first.headers), lasting(second.headers)),
        ("body", first.content, second.content),
    ):
        if left != right:
            raise Failed(f"GET {one}{path} and {other}{path} differ in their {what}")


def lasting(headers: httpx2.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in PASSING}


async def ask(processes: Processes, wrk: str, url: str, seconds: int) -> float:
    """How many answers a second wrk gets, over 32 connections; fails if one is not a success."""
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout=30s", url]
    record = Record("wrk")
    code = await processes.call(record, command, cwd=ROOT, timeout=seconds + WRK_TIMEOUT)
    printed = "\n".join(record.lines)
    found = re.search(r"Requests/sec: +([0-9.]+)", printed)
    if code or found is None or "Non-2xx" in printed or "Socket errors" in printed:
        raise failure(record, f"wrk got no answers, or wrong ones, from {url}")
    return float(found[1])

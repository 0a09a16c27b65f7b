"""`load clients`: how long each client waits as the number of concurrent clients grows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Annotated

import typer
from rich.table import Table

from compare.measure.bench.servers import copy_database, running_site, start_app
from compare.measure.bench.verify import ARTICLE, READS, request
from compare.measure.bench.wrk import MISSING, Burst, find_wrk, send
from compare.run.apps import BY_NAME, App, AppsOption, Server, choose_apps
from compare.run.processes import run_to_end
from compare.run.serve import choose_server
from compare.run.terminal import JSONOption, UsageError, err, out, print_json

NUMBERS = "32,100,500"
MOST = 5000
GOAL = 4.0
"""The p99 may be at most this many times the p50."""


@dataclass(frozen=True)
class ConcurrentRead:
    """One read of one app, sent by this number of clients at the same time."""

    app: str
    server: str
    read: str
    clients: int
    burst: Burst


def clients(
    app: AppsOption = None,
    server: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Use another server of the app, such as gunicorn."),
    ] = None,
    numbers: Annotated[
        str,
        typer.Option("--clients", metavar="N,N,…", help="Measure with these numbers of clients."),
    ] = NUMBERS,
    seconds: Annotated[
        int, typer.Option(min=1, max=60, metavar="N", help="Send each read for N seconds.")
    ] = 5,
    timeout: Annotated[
        int,
        typer.Option(
            min=1, max=60, metavar="N", help="Set CONDUIT_DATABASE_TIMEOUT of the app to N seconds."
        ),
    ] = 2,
    as_json: JSONOption = False,
) -> None:
    """Send each read to an app from many clients at once, and show how long they wait."""
    wrk = find_wrk()
    if wrk is None:
        raise UsageError(MISSING)
    counts = numbers_named(numbers)
    chosen = [(each, choose_server(each, server)) for each in choose_apps(app)]
    crowds = run_to_end(ask_all(wrk, chosen, counts, seconds, timeout))
    if as_json:
        print_json([asdict(each) for each in crowds])
    else:
        show(crowds)


def numbers_named(text: str) -> list[int]:
    """Numbers of clients."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1 or max(numbers) > MOST:
        raise UsageError(
            f"--clients {text!r} cannot be used: give numbers from 1 to {MOST}, such as {NUMBERS}"
        )
    return numbers


async def ask_all(
    wrk: str,
    chosen: Sequence[tuple[App, Server]],
    counts: Sequence[int],
    seconds: int,
    timeout: int,
) -> list[ConcurrentRead]:
    crowds = []
    with err.status("starting PostgreSQL") as status:
        async with running_site() as site:
            for app, server in chosen:
                url = await copy_database(site, app)
                running = await start_app(site, app, url, server=server, timeout=timeout)
                for number in counts:
                    for name, template in READS.items():
                        status.update(f"{name} of {app.title}, {number} clients")
                        path = template.format(slug=ARTICLE)
                        address = f"{running.url}{path}"
                        # Wait until the requests that the burst before has left are answered.
                        await request(running, "GET", path)
                        burst = await send(
                            wrk, address, clients=number, seconds=seconds, complete=False
                        )
                        crowds.append(ConcurrentRead(app.name, server.name, name, number, burst))
                await site.stop(running)
    return crowds


def show(crowds: Sequence[ConcurrentRead]) -> None:
    """A table for each app, with a row for each read and number of clients."""
    for (app, server), some in groupby(crowds, key=lambda crowd: (crowd.app, crowd.server)):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(f"{BY_NAME[app].title} on {server}", no_wrap=True)
        for heading in ("clients", "per second", "p50", "p99", "p99/p50", "refused", "failed"):
            table.add_column(heading, justify="right")
        for crowd in some:
            burst = crowd.burst
            ratio = burst.p99 / burst.p50
            table.add_row(
                crowd.read,
                str(crowd.clients),
                f"{burst.per_second:.0f}",
                f"{burst.p50:.0f} ms",
                f"{burst.p99:.0f} ms",
                f"{ratio:.1f}" + ("  " if ratio <= GOAL else " !"),
                str(burst.refused),
                str(burst.failed),
            )
        out.print(table)
    out.print(
        f"! is more than the goal of {GOAL:.0f}; refused: a status from 400 on; failed: no answer"
    )

"""`differences`: what each framework responds by default.

It sends requests to the apps in `compare/prove/bare/`, on the servers that the apps here use,
and compares their responses with the tables in `docs/differences.md`.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Annotated

import typer

from compare.prove.bare.cases import CASES, Case
from compare.prove.bare.exchange import BareAnswer, BareRequest
from compare.run.apps import BY_NAME, HOST, ROOT, App, free_port, python
from compare.run.pieces import find
from compare.run.places import fill_places
from compare.run.processes import Processes, failure, run_to_end
from compare.run.start import answers
from compare.run.terminal import Failed, KeptLog, out

PAGE = ROOT / "docs" / "differences.md"


@dataclass(frozen=True)
class Bare:
    """A bare app on a server: a column of the tables."""

    title: str
    command: str
    """With {host} and {port} to fill in."""


UVICORN = "-m uvicorn {app} --host {{host}} --port {{port}} --no-access-log --log-level critical"
DJANGO = Bare("Django", UVICORN.format(app="compare.prove.bare.with_django:application"))
FLASK = Bare(
    "Flask",
    "-m gunicorn compare.prove.bare.with_flask:app --bind {host}:{port}"
    " --no-control-socket --log-level critical",
)
FASTAPI = Bare("FastAPI", UVICORN.format(app="compare.prove.bare.with_fastapi:app"))
HYPERCORN = Bare(
    "hypercorn", "-m hypercorn compare.prove.bare.with_fastapi:app --bind {host}:{port}"
)
WAITRESS = Bare(
    "waitress", "-m waitress --host {host} --port {port} compare.prove.bare.with_flask:app"
)

FRAMEWORKS = (DJANGO, FLASK, FASTAPI)
SERVERS = (replace(FASTAPI, title="uvicorn"), HYPERCORN, replace(FLASK, title="gunicorn"), WAITRESS)


def differences(
    write: Annotated[
        bool, typer.Option("--write", help="Update the tables in docs/differences.md.")
    ] = False,
) -> None:
    """Measure the default responses of each framework, and check docs/differences.md."""
    tables = run_to_end(measure())
    before = PAGE.read_text("utf-8")
    after = fill(before, tables)
    if write:
        PAGE.write_text(after, "utf-8")
    elif before != after:
        _, _, *lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        out.print("\n".join(lines), markup=False, soft_wrap=True)
        raise Failed(f"{PAGE.name} is out of date: run ./triptych differences --write")
    out.print(f"{PAGE.relative_to(ROOT)}: {len(CASES)} rows are as measured.")


async def measure() -> dict[str, str]:
    """Start the bare apps, and make the tables of their responses."""
    commands = sorted({bare.command for bare in (*FRAMEWORKS, *SERVERS)})
    async with Processes() as processes:
        ports = await asyncio.gather(*(start(command, processes) for command in commands))
        return await asyncio.to_thread(make_tables, dict(zip(commands, ports, strict=True)))


async def start(command: str, processes: Processes) -> int:
    """Start a bare app with this command; returns its port."""
    port = free_port()
    settings = os.environ | {
        "DJANGO_SETTINGS_MODULE": "compare.prove.bare.django_settings",
        # Two of the frameworks write the methods in `Allow` in the order of a set.
        "PYTHONHASHSEED": "0",
    }
    record = KeptLog(command.split()[1])
    arguments = python(command.format(host=HOST, port=port))
    child = await processes.start(record, arguments, cwd=ROOT, env=settings)
    if not await answers(child, f"http://{HOST}:{port}/", any_status=True):
        raise failure(record, f"`{command}` did not start")
    return port


def make_tables(ports: Mapping[str, int]) -> dict[str, str]:
    """The table of each topic, in Markdown."""
    tables: dict[str, str] = {}
    for case in CASES:
        columns = SERVERS if case.topic == "servers" else FRAMEWORKS
        titles = " | ".join(bare.title for bare in columns)
        tables.setdefault(
            case.topic,
            f"| | {titles} | the contract | in the apps |\n|---|{'---|' * (len(columns) + 2)}\n",
        )
        answers = [
            ", ".join(
                case.show(ask(bare, ports[bare.command], request)) for request in case.requests
            )
            for bare in columns
        ]
        cells = [case.title, *answers, case.contract, links(case)]
        tables[case.topic] += f"| {' | '.join(cells)} |\n"
    return tables


def ask(bare: Bare, port: int, request: BareRequest) -> BareAnswer:
    try:
        return request.send(port)
    except OSError as error:
        raise Failed(
            f"{bare.title} did not answer {request.method} {request.target!r}: {error}"
        ) from None


def links(case: Case) -> str:
    """To the files, not to lines of them, which would move with every edit."""
    return ", ".join(link(BY_NAME[name], locator) for name, locator in case.made.items())


def link(app: App, locator: str) -> str:
    piece = find(locator, app.folder)
    *_, name = piece.name.split(".")
    return f"[{app.title} `{name}`](../{app.folder.name}/{piece.path})"


def fill(page: str, tables: Mapping[str, str]) -> str:
    """The page with these tables in their places, one place for each."""
    places = []

    def table(topic: str) -> str:
        places.append(topic)
        return tables.get(topic, "")

    filled = fill_places(page, {"measured": table})
    if sorted(places) != sorted(tables):
        raise Failed(f"{PAGE.name} has places for {', '.join(places)}, not {', '.join(tables)}")
    return filled

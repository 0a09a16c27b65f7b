"""`status`: what runs."""

import json
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from compare.run.state import is_up, left_behind, read_state
from compare.run.terminal import Failed, out


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which apps are running; exit with 1 if none is."""
    running = read_state()
    if not is_up():
        if left_behind(running):
            raise Failed("an earlier up was killed, and left processes: run ./triptych down")
        raise Failed("nothing is running: start the apps with ./triptych up")
    if running is None:
        raise Failed("the apps are starting")
    if as_json:
        apps = {app.name: app.address for app in running.apps}
        state = {"up": running.up, "together": running.together, "apps": apps}
        out.file.write(json.dumps(state, indent=2) + "\n")
        return
    table = Table("app", "address", box=box.SIMPLE_HEAD, padding=(0, 1))
    for app in running.apps:
        table.add_row(Text(app.title, app.colour), app.address)
    out.print(table)

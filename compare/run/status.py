"""`status`: shows the running apps."""

from rich import box
from rich.table import Table
from rich.text import Text

from compare.run.state import is_up, left_behind, read_state
from compare.run.terminal import Failed, JSONOption, out, print_json


def status(as_json: JSONOption = False) -> None:
    """Show which apps are running. The exit code is 1 if none is running."""
    running = read_state()
    if not is_up():
        if left_behind(running):
            raise Failed("an earlier up was killed, and left processes: run ./triptych down")
        raise Failed("nothing is running: start the apps with ./triptych up")
    if running is None or running.phase != "running":
        raise Failed(f"the apps are {running.phase if running else 'starting'}")
    if as_json:
        apps = {app.name: app.address for app in running.apps}
        print_json({"up": running.up.pid, "oneDatabase": running.one_database, "apps": apps})
        return
    table = Table("app", "address", box=box.SIMPLE_HEAD, padding=(0, 1))
    for app in running.apps:
        table.add_row(Text(app.title, app.color), app.address)
    out.print(table)

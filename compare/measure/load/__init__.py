"""Load on one app, and its effects."""

import typer

from compare.measure.load.clients import clients
from compare.measure.load.growth import growth
from compare.measure.load.live import live
from compare.measure.load.profiling import profile

load = typer.Typer(no_args_is_help=True)
load.command()(clients)
load.command()(growth)
load.command()(live)
load.command()(profile)


@load.callback()
def group() -> None:
    """Measure an app under load."""

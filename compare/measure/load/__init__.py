"""Loads that are put on one app, and what they show."""

import typer

from compare.measure.load.growth import growth
from compare.measure.load.live import live

load = typer.Typer(no_args_is_help=True)
load.command()(growth)
load.command()(live)


@load.callback()
def group() -> None:
    """Measure an app under load."""

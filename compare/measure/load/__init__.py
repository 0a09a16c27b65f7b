"""Loads that are put on one app, and what they show."""

import typer

from compare.measure.load.live import live
from compare.measure.load.reads import reads

load = typer.Typer(no_args_is_help=True)
load.command()(live)
load.command()(reads)


@load.callback()
def group() -> None:
    """Measure an app under load."""

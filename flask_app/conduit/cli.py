"""Commands: `flask --app conduit seed`."""

import click
from flask.cli import with_appcontext


@click.command()
@with_appcontext
def seed() -> None:
    """Fill an empty database with the demo site."""

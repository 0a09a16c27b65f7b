"""`site`: the comparison as pages."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from compare.apps import ROOT
from compare.terminal import out


def site(
    action: Annotated[Literal["build"], typer.Argument(metavar="build", help="Make the pages.")],
    output: Annotated[
        Path, typer.Option("--output", metavar="FOLDER", help="Where to, if not to site/.")
    ] = ROOT / "site",
) -> None:
    """Make the pages that show all of this in a browser: static, for any file server."""
    # Jinja and Pygments are of no use to the other commands.
    from compare.site.build import build

    pages = build(output)
    place = output.relative_to(ROOT) if output.is_relative_to(ROOT) else output
    out.print(
        f"{pages} pages in {place}: ./triptych up shows them, with the live parts on.",
        soft_wrap=True,
    )

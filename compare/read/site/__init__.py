"""`site`: the comparison as pages."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from compare.run.apps import ROOT
from compare.run.terminal import UsageError, caller_path, out


def site(
    action: Annotated[Literal["build"], typer.Argument(metavar="build", help="The only action.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            parser=caller_path,
            metavar="FOLDER",
            show_default="site/",
            help="Write the pages into FOLDER.",
        ),
    ] = ROOT / "site",
) -> None:
    """Build the pages that compare the apps in a browser, for any file server."""
    # Jinja and Pygments are of no use to the other commands.
    from compare.read.site.build import build

    folder = output.resolve()
    try:
        pages = build(folder)
    except OSError as error:
        raise UsageError(f"{output} cannot be written ({error.strerror}): give another") from None
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    out.print(
        f"{pages} pages in {place}: ./triptych up shows them, with the live parts on.",
        soft_wrap=True,
    )

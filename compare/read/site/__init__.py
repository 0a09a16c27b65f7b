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
    # Imported here, because only this command needs Jinja and Pygments.
    from compare.read.site.build import build

    folder = output.resolve()
    try:
        pages = build(folder)
    except OSError as error:
        raise UsageError(f"{output} cannot be written ({error.strerror}): give another") from None
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    out.print(
        f"{pages} pages in {place}: ./triptych up serves them, with the parts that need the apps.",
        soft_wrap=True,
    )

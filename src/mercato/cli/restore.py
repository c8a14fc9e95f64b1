"""`mercato restore`: a shop out of a backup, or only a look whether it could be."""

from pathlib import Path
from typing import Annotated

import typer

from mercato.cli.arguments import AsJson
from mercato.cli.backup import show
from mercato.cli.output import say
from mercato.cli.progress import shown
from mercato.cli.recording import reader
from mercato.core.errors import WrongUse

EXAMPLE = "Example: mercato restore my-shop-2026-05-01.tar.zst my-shop"


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What mercato backup wrote.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The shop's new folder.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move a shop that is at DIR aside first.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only compare every checksum; restore nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a shop back: checked whole beside DIR, then moved there at once, or not at all."""
    from mercato.operating.backup.making import verify_backup
    from mercato.operating.backup.restoring import restore_backup

    if (folder is None) != verify:
        raise WrongUse("either DIR or --verify", "both" if verify else "neither", f"{EXAMPLE}.")
    if folder is None:
        with shown() as progress:
            manifest = verify_backup(file, progress)
        show(manifest, file, as_json)
        return
    with shown() as progress:
        manifest, aside = restore_backup(
            file, folder, reader("restore", "restore"), progress, force=force
        )
    show(manifest, file, as_json)
    if aside is not None:
        say(f"The shop that was there is now at {aside}.")
    say(f"Next: mercato serve {folder}")

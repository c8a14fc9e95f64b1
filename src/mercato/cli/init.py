"""`mercato init`: a new shop's folder."""

import re
from dataclasses import replace
from typing import Annotated

import typer

from mercato.cli.arguments import ShopFolder
from mercato.cli.output import say
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings, settings_text

EXAMPLE = "Example: mercato init my-shop --name 'Corner Store' --currency EUR"


def command(
    folder: ShopFolder,
    name: Annotated[str, typer.Option(help="The shop's name, as shoppers see it.")] = "My shop",
    language: Annotated[str, typer.Option(help="Of the catalogue: en, zh, …")] = "en",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of prices.")] = "USD",
) -> None:
    """Make a shop: a folder with shop.toml, where every setting stands with its default."""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise WrongUse("an ISO 4217 currency code", repr(currency), "Say: --currency EUR")
    paths = ShopPaths(folder)
    settings = Settings()
    identity = replace(settings.shop, name=name, language=language, currency=currency)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with paths.settings.open("x", encoding="utf-8") as file:
            file.write(settings_text(replace(settings, shop=identity)))
    except FileExistsError as error:
        raise WrongUse(
            f"a new folder, or one without {paths.settings.name}",
            f"{error.filename} is there already",
            "Name another folder.",
        ) from None
    say(f"Made {paths.settings}. Next: mercato import {folder} --items FILE --events FILE")

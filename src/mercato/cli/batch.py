"""`mercato batch`: the shelves of all shoppers into a file, as a letter to each needs them."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mercato.cli.arguments import Filters, ShopFolder
from mercato.cli.opened import opened_shop
from mercato.cli.output import say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record
from mercato.core.columns import Placement

EXAMPLE = "Example: mercato batch my-shop --out letters.jsonl --n 8"

_MOST_WORKERS = 4
"""Each opens the shop for itself."""


def command(
    folder: ShopFolder,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file.")],
    placement: Annotated[
        Placement, typer.Option(help="Which shelf.", metavar="PLACEMENT")
    ] = Placement.EMAIL,
    form: Annotated[
        str, typer.Option("--format", help="jsonl: a line a shopper; csv: a line an item.")
    ] = "jsonl",
    n: Annotated[int, typer.Option("--n", min=1, max=100, help="Products at most.")] = 20,
    category: Annotated[str | None, typer.Option(help="Only of this category.")] = None,
    store: Annotated[str | None, typer.Option(help="Only what this store sells.")] = None,
    filters: Filters = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that answer; one a processor, at most 4, if not said."),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, whatever an interrupted run has left.")
    ] = False,
) -> None:
    """Write a shelf for every known shopper, with the reason of each item. An interrupted run goes
    on where it was. The shelves are logged, so that clicks with their query_id teach."""
    # Imported late, so that --help answers at once.
    from mercato.shop.batch import Batch, write_batch

    batch = Batch(placement.value, form, n, tuple(filters or ()), category, store)
    on_record(folder, "batch", ("histories",), purpose=f"shelves of {placement} for all shoppers")
    with opened_shop(folder) as shop, shown() as progress:
        workers = workers or min(os.cpu_count() or 1, _MOST_WORKERS)
        count = write_batch(shop, out, batch, progress, anew=restart, workers=workers)
    say(f"{out}: {count:,} shoppers")

"""`mercato recommend`: ask for a shelf from the terminal."""

from dataclasses import asdict
from typing import Annotated

import typer

from mercato.cli.arguments import AsJson, Filters, ShopFolder
from mercato.cli.opened import opened_shop
from mercato.cli.output import print_json, print_table, say
from mercato.cli.recording import on_record
from mercato.core.columns import Placement

EXAMPLE = "Example: mercato recommend my-shop buy-again --user 42"


def command(
    folder: ShopFolder,
    placement: Annotated[Placement, typer.Argument(metavar="PLACEMENT", help=", ".join(Placement))],
    user: Annotated[str | None, typer.Option(help="The shopper.")] = None,
    item: Annotated[str | None, typer.Option(help="The item that is looked at.")] = None,
    cart: Annotated[
        list[str] | None, typer.Option(help="An item in the basket. May be repeated.")
    ] = None,
    category: Annotated[str | None, typer.Option(help="Only of this category.")] = None,
    store: Annotated[str | None, typer.Option(help="Only what this store sells.")] = None,
    q: Annotated[str, typer.Option("--q", help="Words that a search found nothing for.")] = "",
    n: Annotated[int, typer.Option("--n", min=1, max=100, help="Products at most.")] = 20,
    filters: Filters = None,
    as_json: AsJson = False,
) -> None:
    """Fill a shelf as the published release would, with the reason of each item."""
    from mercato.shop.shelf import ShelfCall, shelf

    call = ShelfCall(
        placement=placement.value,
        user_id=user,
        item_id=item,
        cart=tuple(cart or ()),
        n=n,
        filters=tuple(filters or ()),
        category=category,
        store=store,
        q=q,
    )
    if user is not None:
        on_record(folder, "recommend", ("histories",), user_id=user)
    with opened_shop(folder) as shop:
        answer = shelf(shop, call)
    if as_json:
        print_json(asdict(answer))
        return
    rows = [
        (f"{card.score:.4g}", card.id, card.item.get("title"), card.reason.code, card.retriever)
        for card in answer.items
    ]
    print_table(("score", "id", "title", "reason", "retriever"), rows, right=("score",))
    if answer.fallback:
        say(f"Filled up by: {answer.fallback}")
    say(f"Where one came from: mercato assets {folder} --trace {answer.query_id} --item ID")

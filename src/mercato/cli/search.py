"""`mercato search`: ask a shop's search box from the terminal."""

from dataclasses import asdict
from typing import Annotated

import typer

from mercato.cli.arguments import AsJson, Filters, ShopFolder
from mercato.cli.opened import opened_shop
from mercato.cli.output import print_json, print_table, say

EXAMPLE = "Example: mercato search my-shop 'red shoes' --filter 'price:..50' --sort price:asc"

COLUMNS = ("id", "title", "brand", "price")


def command(
    folder: ShopFolder,
    q: Annotated[str, typer.Argument(metavar="QUERY", help="The words; '' lists everything.")] = "",
    filters: Filters = None,
    facets: Annotated[
        list[str] | None, typer.Option("--facet", help="Count its values. May be repeated.")
    ] = None,
    sort: Annotated[str | None, typer.Option(help="As price:asc or price:desc.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Counts from 1.")] = 1,
    per_page: Annotated[int, typer.Option(min=1, max=100, help="Products a page.")] = 10,
    user: Annotated[str | None, typer.Option(help="The shopper who asks.")] = None,
    as_json: AsJson = False,
) -> None:
    """Search the published release as a shopper would."""
    from mercato.shop.search import SearchCall, search

    call = SearchCall(
        q=q,
        filters=tuple(filters or ()),
        facets=tuple(facets or ()),
        sort=sort,
        page=page,
        per_page=per_page,
        user_id=user,
    )
    with opened_shop(folder) as shop:
        answer = search(shop, call)
    if as_json:
        print_json(asdict(answer))
        return
    rows = [
        (f"{hit.score:.3f}", hit.id, *(hit.item.get(name) for name in COLUMNS[1:]))
        for hit in answer.hits
    ]
    print_table(("score", *COLUMNS), rows, right=("score", "price"))
    for field, counts in answer.facets.items():
        print_table((field, "products"), [(v, f"{n:,}") for v, n in counts.items()])
    say(f"{answer.total:,} found, page {answer.page}")

"""`mercato search`: ask a shop's search box from the terminal."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mercato.cli.arguments import AsJson, Filters, ShopFolder
from mercato.cli.opened import opened_shop
from mercato.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from mercato.search.applied import Applied
    from mercato.shop.opened import Shop
    from mercato.shop.search import SearchCall

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
    explain: Annotated[
        str | None,
        typer.Option(metavar="ITEM", help="Why this item stands where it stands; 1: the first."),
    ] = None,
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
        if explain is not None:
            _explain(shop, call, explain, as_json=as_json)
            return
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
    for line in _told(answer.applied):
        say(line)


def _told(applied: "Applied") -> Iterator[str]:
    """What became of the query, a line for each thing that did."""
    for words in applied.corrected:
        yield f"Sought beside {words['from']!r}: {words['to']}"
    for read in applied.understood:
        verb = "only" if read.effect == "filter" else "preferred"
        yield f"Read {read.text!r}: {verb} {read.filter}"
    if applied.relaxed:
        yield f"Given up, so that there is an answer: {', '.join(applied.relaxed)}"
    if applied.rules:
        yield f"Rules that held: {', '.join(applied.rules)}"
    if applied.redirect:
        yield f"The shopper is led to {applied.redirect}"


def _explain(shop: "Shop", call: "SearchCall", asked: str, *, as_json: bool) -> None:
    """asked : an item's id, or its place in the answer."""
    from mercato.cli.explained import print_explanation
    from mercato.shop.explain import explain, item_asked

    item_id = item_asked(shop, call, asked)
    found = explain(shop, call, item_id)
    if as_json:
        print_json(asdict(found))
    else:
        row = shop.live.catalogue.row(item_id)
        assert row is not None
        print_explanation(found, shop.live.catalogue.item(row)["title"])

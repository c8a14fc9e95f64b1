"""`mercato synonyms`: terms that stand for each other, listed, added, proposed and decided on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.opened import opened_shop
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record, who
from mercato.core.errors import BadInput, NotFound, WrongUse
from mercato.core.paths import ShopPaths

if TYPE_CHECKING:
    from mercato.shop.opened import Shop
    from mercato.shop.rules import By
    from mercato.shop.synonyms import Kept

EXAMPLE = "Example: mercato synonyms my-shop --add 'sofa, couch' 'footwear => sneaker, boot'"


def command(
    folder: ShopFolder,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="TERMS", help="As 'sofa, couch' or 'footwear => sneaker, boot'."),
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="FILE", help="Add those of a CSV file or a synonyms.txt of Solr."
        ),
    ] = None,
    propose: Annotated[
        bool,
        typer.Option("--propose", help="Look for synonyms in searches and in product texts."),
    ] = False,
    accept: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Seek with these from now on.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Do not; nor propose them again.")
    ] = None,
    delete: Annotated[list[str] | None, typer.Option(metavar="ID", help="Forget these.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="List only those that are proposed, accepted or rejected."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List synonyms, or change them first. Changes hold at once, on a shop that is being served as
    well, and go on record. The file synonyms.csv in the shop's folder is listed too."""
    from mercato.shop.rules import By

    by = By(who(), "synonyms")
    if propose:
        from mercato.operating.settling import settle

        on_record(folder, "synonyms", ("events", "answers"), purpose="synonyms")
        settle(ShopPaths(folder))
    with opened_shop(folder) as shop:
        _add(shop, add or [], import_, by)
        _decide(shop, accept or [], reject or [], delete or [], by)
        if propose:
            _propose(shop, by)
            status = status or "proposed"
        _list(shop, status, as_json)


def _add(shop: "Shop", lines: Sequence[str], file: Path | None, by: "By") -> None:
    from mercato.ranking.synonyms.formats import read_synonyms
    from mercato.shop.synonyms import add_synonyms

    synonyms = read_synonyms("\n".join(lines), "--add")
    if file is not None:
        try:
            synonyms += read_synonyms(file.read_text(encoding="utf-8"), str(file))
        except FileNotFoundError:
            raise NotFound("a file of synonyms", str(file), "Name one that is there.") from None
        except UnicodeDecodeError as error:
            raise BadInput(f"{file} in UTF-8", str(error), "Save it as UTF-8.") from None
    if synonyms:
        added = add_synonyms(shop, synonyms, by)
        say(f"{len(added):,} added, {len(synonyms) - len(added):,} were there.")


def _decide(
    shop: "Shop", accept: Sequence[str], reject: Sequence[str], delete: Sequence[str], by: "By"
) -> None:
    from mercato.ranking.synonyms.synonym import Status
    from mercato.shop.synonyms import decide, delete_synonym

    if twice := {*accept} & {*reject}:
        raise WrongUse("--accept or --reject", f"both for {min(twice)}", "Say one of them.")
    for synonym_id in accept:
        decide(shop, synonym_id, Status.ACCEPTED, by)
    for synonym_id in reject:
        decide(shop, synonym_id, Status.REJECTED, by)
    for synonym_id in delete:
        delete_synonym(shop, synonym_id, by)


def _propose(shop: "Shop", by: "By") -> None:
    from mercato.shop.synonyms import add_synonyms
    from mercato.training.synonyms.propose import propose

    with shown() as progress:
        added = add_synonyms(shop, propose(shop, progress), by)
    say(f"{len(added):,} new proposals. Accept some with: --accept ID")


def _list(shop: "Shop", status: str | None, as_json: bool) -> None:
    from mercato.shop.synonyms import synonyms_of

    found = synonyms_of(shop, status)
    if as_json:
        print_json([{"id": kept.id, **kept.synonym.to_json()} for kept in found])
        return
    columns = ("id", "status", "terms", "source", "score", "evidence")
    print_table(columns, [_cells(kept) for kept in found], right=("score",))


def _cells(kept: "Kept") -> tuple[Any, ...]:
    synonym = kept.synonym
    terms = ", ".join(synonym.terms)
    if synonym.also:
        terms += " => " + ", ".join(synonym.also)
    evidence = "; ".join(f"{name}: {value}" for name, value in synonym.evidence.items())
    score = "" if synonym.score is None else f"{synonym.score:.2f}"
    return kept.id or "(file)", synonym.status, terms, synonym.source, score, evidence

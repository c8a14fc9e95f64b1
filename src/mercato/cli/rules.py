"""`mercato rules`: merchandising rules, listed, changed and tried out."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, Filters, ShopFolder
from mercato.cli.opened import opened_shop
from mercato.cli.output import print_json, print_table, say
from mercato.cli.recording import who
from mercato.core.errors import BadInput, NotFound, WrongUse

if TYPE_CHECKING:
    from mercato.ranking.rules.conflicts import Conflict
    from mercato.shop.opened import Shop
    from mercato.shop.rule_preview import Preview

EXAMPLE = (
    "Example: mercato rules my-shop --add "
    '\'{"id": "sale", "conditions": {"queries": [{"text": "sale"}]}, '
    '"actions": [{"type": "redirect", "url": "/browse"}]}\''
)


def command(
    folder: ShopFolder,
    add: Annotated[
        str | None, typer.Option(metavar="JSON", help="Add or replace this rule.")
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="FILE", help="Add or replace the rules of a JSON file, all or none."
        ),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all rules into a JSON file.")
    ] = None,
    delete: Annotated[str | None, typer.Option(metavar="ID", help="Delete this rule.")] = None,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="Show what is odd about the rules instead.")
    ] = False,
    preview: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="Show a search before and after this rule instead."),
    ] = None,
    query: Annotated[str, typer.Option(help="The words of the search to preview.")] = "",
    filters: Filters = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(help="A segment of the shopper of the preview. May be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List merchandising rules, change them, or try one out. Changes hold at once, on a shop that
    is being served as well, and go on record. See docs/merchandising.md."""
    chosen = [each for each in (add, import_, export, delete, preview) if each is not None]
    if len(chosen) + conflicts > 1:
        raise WrongUse(
            "one of --add, --import, --export, --delete, --conflicts, --preview",
            "several",
            "Do them one by one.",
        )
    with opened_shop(folder) as shop:
        if preview is not None:
            search = {"q": query, "filter": filters or [], "segment": segment or []}
            _preview(shop, preview, search, as_json)
        elif conflicts:
            _show_conflicts(_conflicts(shop), as_json)
        elif export is not None:
            _export(shop, export)
        else:
            _change(shop, add, import_, delete)
            _list(shop, as_json)


def _change(shop: "Shop", add: str | None, import_: Path | None, delete: str | None) -> None:
    from mercato.shop.rules import By, delete_rule, put_rules

    by = By(who(), "rules")
    if add is not None:
        put_rules(shop, [_read("--add", add)], by)
    if import_ is not None:
        try:
            found = _read(str(import_), import_.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotFound("a file of rules", str(import_), "Name one that is there.") from None
        rules = put_rules(shop, found if isinstance(found, list) else [found], by)
        say(f"{len(rules)} rules imported.")
    if delete is not None:
        delete_rule(shop, delete, by)


def _read(where: str, text: str) -> Any:
    import orjson

    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"JSON in {where}", str(error), "Mend it and try again.") from None


def _export(shop: "Shop", file: Path) -> None:
    import orjson

    documents = [rule.to_json() for rule in shop.rules.rules]
    file.write_bytes(orjson.dumps(documents, option=orjson.OPT_INDENT_2))
    say(f"{len(documents)} rules written to {file}.")


def _list(shop: "Shop", as_json: bool) -> None:
    if as_json:
        print_json([rule.to_json() for rule in shop.rules.rules])
        return
    rows = [
        (
            rule.id,
            "●" if rule.enabled else "",
            rule.priority,
            rule.name,
            _when(rule.conditions.to_json()),
            ", ".join(action.to_json()["type"] for action in rule.actions),
        )
        for rule in sorted(shop.rules.rules, key=lambda rule: rule.precedence)
    ]
    print_table(("rule", "on", "priority", "name", "when", "does"), rows, right=("priority",))
    if found := _conflicts(shop):
        say(f"{len(found)} conflicts; see them with --conflicts.")


def _when(conditions: dict[str, Any]) -> str:
    said = [f"{each['match']} “{each['text']}”" for each in conditions.get("queries", ())]
    for name in ("categories", "segments", "weekdays"):
        said += conditions.get(name, ())
    if hours := conditions.get("hours"):
        said.append(f"{hours['from']}–{hours['to']}")
    said += [
        f"{name} {conditions[name]}" for name in ("starts_at", "ends_at") if name in conditions
    ]
    return ", ".join(said) or "always"


def _conflicts(shop: "Shop") -> "list[Conflict]":
    from mercato.shop.rules import all_conflicts

    return all_conflicts(shop)


def _show_conflicts(found: "Sequence[Conflict]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [(each.kind, ", ".join(each.rules), each.detail) for each in found]
    print_table(("conflict", "rules", "detail"), rows)


def _preview(shop: "Shop", text: str, search: dict[str, Any], as_json: bool) -> None:
    from mercato.shop.rule_preview import preview, read_preview

    seen = preview(shop, read_preview({"rule": _read("--preview", text), **search}))
    if as_json:
        print_json(asdict(seen))
        return
    print_table(("", "found", "rules", "redirect"), _sides(seen))
    rows = [(move.id, move.before, move.after) for move in seen.moved]
    print_table(("moved", "before", "after"), rows, right=("before", "after"))
    if seen.conflicts:
        _show_conflicts(seen.conflicts, as_json)


def _sides(seen: "Preview") -> list[tuple[Any, ...]]:
    sides = (("before", seen.before), ("after", seen.after))
    return [(name, f"{s.total:,}", ", ".join(s.rules), s.redirect) for name, s in sides]

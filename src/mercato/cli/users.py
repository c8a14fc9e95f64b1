"""`mercato users`: what is known of a shop's shoppers."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli import erasing
from mercato.cli.arguments import AsJson, ShopFolder, Until, parse_time
from mercato.cli.output import print_json, print_table
from mercato.cli.progress import shown
from mercato.cli.recording import on_record, stored_id
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from mercato.data.users.chosen import Counts

EXAMPLE = "Example: mercato users my-shop --segment at-risk"


def command(
    folder: ShopFolder,
    segment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Count only shoppers of this segment.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="NAME", help="Count only shoppers with this tag.")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Show one shopper instead; this goes on record."),
    ] = None,
    erase: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Erase a shopper everywhere; a guest is visitor: and the id."
        ),
    ] = None,
    now: Annotated[
        bool,
        typer.Option("--now", help="With --erase: old versions go without their retention."),
    ] = False,
    receipt: Annotated[
        int | None, typer.Option(metavar="N", help="Print the receipt of an erasure.")
    ] = None,
    verify_receipt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --user: look everywhere for who was erased."),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Print all that is known of a shopper as JSON lines."),
    ] = None,
    until: Until = None,
    definitions: Annotated[
        bool, typer.Option("--definitions", help="Say what every column, segment and tag means.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count shoppers by segment, life-cycle stage and tag, show or export what is known of one,
    or erase one, with a receipt."""
    language = load_settings(ShopPaths(folder).settings).shop.language
    if _of_one(folder, erase, receipt, verify_receipt, export, user, now=now, as_json=as_json):
        return
    if definitions:
        _show_definitions(language, as_json)
        return
    if user is not None and (segment or tag):
        raise WrongUse("--user alone", "--segment or --tag with it", "Leave one of them out.")
    # Imported late, so that --help answers at once.
    from mercato.data.users.chosen import Choice, counts, one

    moment = parse_time("--until", until) if until else None
    if user is not None:
        on_record(folder, "users", ("users",), user_id=user)
        user = stored_id(folder, user)
        _show_profile(one(_derived(folder, moment), user), as_json)
    else:
        choice = Choice(segment, tag)
        on_record(folder, "users", ("events",), purpose="users")
        _show_counts(counts(choice.among(_derived(folder, moment))), as_json)


def _of_one(
    folder: Path,
    erase: str | None,
    receipt: int | None,
    verify_receipt: Path | None,
    export: str | None,
    user: str | None,
    *,
    now: bool,
    as_json: bool,
) -> bool:
    """Do what is asked about one person's data; whether anything is."""
    asked = [each for each in (erase, receipt, verify_receipt, export) if each is not None]
    if len(asked) > 1:
        raise WrongUse("one of --erase, --receipt, --verify-receipt, --export", "more", "Say one.")
    if now and erase is None:
        raise WrongUse("--now with --erase", "--now alone", "Say whom: --erase ID --now")
    if verify_receipt is not None and user is None:
        raise WrongUse("--user with --verify-receipt", "none", "Say whose it is: --user ID")
    if erase is not None:
        erasing.erase(folder, erase, at_once=now, as_json=as_json)
    elif receipt is not None:
        erasing.show_receipt(folder, receipt, as_json=as_json)
    elif verify_receipt is not None and user is not None:
        erasing.verify(folder, verify_receipt, user, as_json=as_json)
    elif export is not None:
        erasing.export(folder, export)
    return bool(asked)


def _derived(folder: Path, until: datetime | None) -> "pa.Table":
    """The asset as of now, or of ``until``."""
    from mercato.data.derive import derive
    from mercato.data.store import AssetStore
    from mercato.operating.settling import settle

    paths = ShopPaths(folder)
    settle(paths)
    store, settings = AssetStore(paths.assets), load_settings(paths.settings)
    with shown() as progress:
        return derive(store, ["users"], until=until, settings=settings, progress=progress)["users"]


def _show_counts(found: "Counts", as_json: bool) -> None:
    if as_json:
        print_json(asdict(found))
        return
    kinds = {"segment": found.segments, "stage": found.stages, "tag": found.tags}
    numbers = ("shoppers", "share", "revenue", "of revenue")
    rows = [
        (
            kind,
            each.name,
            f"{each.shoppers:,}",
            f"{each.shoppers / (found.shoppers or 1):.1%}",
            f"{each.revenue:,.0f}",
            f"{each.revenue / (found.revenue or 1):.1%}",
        )
        for kind, counted in kinds.items()
        for each in counted
    ]
    rows.append(("", "all", f"{found.shoppers:,}", "", f"{found.revenue:,.0f}", ""))
    print_table(("", "name", *numbers), rows, right=numbers)


def _show_profile(row: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json({name: _plain(value) for name, value in row.items()})
    else:
        print_table(("column", "value"), [(name, _text(row[name])) for name in row])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return ", ".join(map(_entry, value))
    return "" if value is None else str(value)


def _entry(each: Any) -> str:
    if isinstance(each, str):
        return each
    name, share, lift = each.values()
    return f"{name} ({share:.0%}, ×{lift:.1f})"


def _defined() -> Iterator[tuple[str, Any]]:
    """(kind, definition), in the order in which they are read best."""
    from mercato.data.assets.users import COLUMNS
    from mercato.data.users.lifecycle import STAGES
    from mercato.data.users.rfm import SEGMENTS
    from mercato.data.users.tags import TAGS

    kinds = {"segment": SEGMENTS, "stage": STAGES, "tag": TAGS, "column": COLUMNS}
    for kind, definitions in kinds.items():
        for each in definitions:
            yield kind, each


def _show_definitions(language: str, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"kind": kind, "name": of.name, "en": of.english, "zh": of.chinese}
                for kind, of in _defined()
            ]
        )
        return
    chinese = language.startswith("zh")
    rows = [(kind, of.name, of.chinese if chinese else of.english) for kind, of in _defined()]
    print_table(("", "name", "meaning"), rows)

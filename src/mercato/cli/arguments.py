"""Arguments that several commands share, and how their text is read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mercato.core.errors import WrongUse

ShopFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The shop's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter", metavar="FILTER", help='Say brand:"Acme" AND price:10..50. May be repeated.'
    ),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="TS", help="Use no event at or after this time, as 2017-12-01 (UTC)."),
]


def parse_time(option: str, text: str) -> datetime:
    """A moment from ISO 8601 text; UTC where it names no zone. Raises WrongUse."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(
            f"a date or time after {option}", repr(text), f"Write it as: {option} 2017-12-01"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_pairs(option: str, texts: list[str]) -> dict[str, str]:
    """``ours=theirs`` texts as a mapping. Raises WrongUse."""
    pairs = {}
    for text in texts:
        ours, equals, theirs = text.partition("=")
        if not (ours and equals and theirs):
            raise WrongUse(
                f"our=theirs after {option}", repr(text), f"Write it as: {option} brand=supplier"
            )
        pairs[ours] = theirs
    return pairs

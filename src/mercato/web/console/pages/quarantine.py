"""Rows that imports refused: why, and each as a form that mends it and tries it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, ClassVar
from urllib.parse import urlencode

from mercato.core.roles import Permission
from mercato.data.auditing import Reader
from mercato.data.auditing import record as put_on_record
from mercato.data.mending.exchange import fields_of
from mercato.data.mending.held import HeldRow, RowReading, Selection, counts, held_rows
from mercato.operating.mending import ASSET, quarantine_of, shown, try_again
from mercato.web.asked import Revealed
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.forms import require

PATH = f"{ROOT}/catalogue/quarantine"

_SHOWN = 20
_FIELD = "field:"
"""Stands before a field's name in the form, so that none is taken for one of ours."""

_MOST_FIELDS = 40
_LONGEST = 2_000


@dataclass(frozen=True)
class Counted:
    """Rows that failed a check. url : the list of them"""

    asset: str
    check: str
    rows: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class FieldShown:
    """A field of a row as its source wrote it. wrong : whether it is what was refused"""

    name: str
    value: str
    wrong: bool


@dataclass(frozen=True)
class Refused:
    """One row. place : the source's name and the line; expected, remedy : of the check, in English
    fields : those that a form can write, the wrong ones first
    """

    key: str
    asset: str
    place: str
    check: str
    found: str
    expected: str
    remedy: str
    fields: tuple[FieldShown, ...]


@dataclass(frozen=True)
class QuarantinePage:
    """total : rows of the chosen checks, of which the first ``len(rows)`` are shown"""

    template: ClassVar[str] = "console/quarantine.html"
    counts: tuple[Counted, ...]
    rows: tuple[Refused, ...]
    total: int
    may_mend: bool


def quarantine(ask: Ask) -> Page:
    """Parameters: ``asset`` and ``check``; without them all rows."""
    table = quarantine_of(ask.shop)
    asset, check = ask.query.get("asset", ""), ask.query.get("check", "")
    chosen = Selection(asset or None, check or None).of(table)
    context = QuarantinePage(
        counts=tuple(
            Counted(of, name, rows, _url(of, name), (of, name) == (asset, check))
            for of, name, rows in counts(table)
        ),
        rows=tuple(map(_refused, held_rows(chosen.slice(0, _SHOWN)))),
        total=len(chosen),
        may_mend=Permission.ITEMS in ask.may,
    )
    return Page(context, revealed=Revealed(ASSET.name))


def _url(asset: str, check: str) -> str:
    return f"{PATH}?{urlencode({'asset': asset, 'check': check})}"


def _refused(held: HeldRow) -> Refused:
    reading = RowReading.from_json(held.reading)
    wrong = reading.mapping.get(held.column or "", held.column)
    fields = _fields(fields_of(held), wrong)
    check = held.declared
    return Refused(
        held.key,
        held.asset,
        f"{PurePath(held.source).name}:{held.source_line}",
        held.check,
        (held.value or "")[:_LONGEST],
        check.expected,
        check.remedy,
        fields,
    )


def _fields(row: Mapping[str, Any], wrong: str | None) -> tuple[FieldShown, ...]:
    """Lists and objects are mended in their source."""
    plain = {name: value for name, value in row.items() if not isinstance(value, dict | list)}
    if wrong is not None:
        plain.setdefault(wrong, "")
    found = [
        FieldShown(name, shown(value)[:_LONGEST], name == wrong) for name, value in plain.items()
    ]
    return tuple(sorted(found, key=lambda each: not each.wrong)[:_MOST_FIELDS])


def mend(ask: Ask) -> Redirect:
    """``POST /console/catalogue/quarantine/mend``: key, asset and check of the list to go back to,
    and ``field:NAME`` for each field."""
    said = {
        name.removeprefix(_FIELD): text
        for name, text in ask.form.items()
        if name.startswith(_FIELD)
    }
    put_on_record(ask.shop.state, Reader(ask.by.actor, ask.by.action, "retry"), ASSET)
    tried = try_again(ask.shop, require(ask.form, "key"), said)
    to = {name: ask.form.get(name, "") for name in ("asset", "check")}
    if tried.accepted:
        return Redirect(f"{PATH}?{urlencode(to)}", "row_accepted")
    # It fails another check now: its list shows what is wrong this time.
    to["check"] = next(iter(tried.checks), to["check"])
    return Redirect(f"{PATH}?{urlencode(to)}", "row_refused")

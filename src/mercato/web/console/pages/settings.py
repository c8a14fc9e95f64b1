"""Settings: keys of the API, what front ends paste, who may what, languages, and what is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import ClassVar

from mercato.core.errors import BadInput
from mercato.core.roles import Permission, Role, may
from mercato.core.scopes import Scope
from mercato.core.settings import Settings, toml_value
from mercato.shop.key_book import Key
from mercato.shop.keys import Made, all_keys, create_key, revoke_key, rotate_key
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.console.snippets import Snippet, snippets
from mercato.web.forms import require
from mercato.web.languages import CODES, language

PATH = f"{ROOT}/settings"

_KEPT = (
    ("privacy", "events_days"),
    ("privacy", "answers_days"),
    ("privacy", "links_days"),
    ("privacy", "audit_days"),
    ("state", "keep_days"),
    ("assets", "keep_days"),
    ("lineage", "keep_days"),
)
"""Settings in days, as (table, key): how long what is kept; 0: for ever."""

_UNTOLD = ("state", "feeds")
"""Tables whose values may name a password or an address that is nobody's business."""


@dataclass(frozen=True)
class KeyShown:
    """A key without its secret.

    rate : requests a second; None: as many as come
    ends : when each of its secrets ends, the newest first; empty text: never
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    rate: float | None
    ends: tuple[str, ...]


@dataclass(frozen=True)
class SettingsPage:
    """keys : None for those who may not change them
    made  : the text of a key that was just made or changed; it is shown this once
    snippets : ready to paste; a key that was just made stands in those that it is for
    roles : permission → for each of ``role_names`` whether it has it
    kept  : (table, key, days); 0: for ever
    languages : of the catalogue, the main one first; ``interface`` those of this program's pages
    changed : lines of shop.toml that are not as they are by themselves, by table
    """

    template: ClassVar[str] = "console/settings.html"
    keys: tuple[KeyShown, ...] | None
    scopes: tuple[str, ...]
    made: str
    snippets: tuple[Snippet, ...]
    role_names: tuple[str, ...]
    roles: tuple[tuple[str, tuple[bool, ...]], ...]
    kept: tuple[tuple[str, str, int], ...]
    languages: tuple[str, ...]
    interface: tuple[str, ...]
    changed: tuple[tuple[str, tuple[str, ...]], ...]


def settings(ask: Ask) -> Page:
    return Page(_shown(ask))


def make_key(ask: Ask) -> Page:
    """``POST /console/settings/make-key``: name, search, events, items, admin (1 for each that it
    is for), rate. The page shows the key, once."""
    scopes = [str(each) for each in Scope if ask.form.get(each) == "1"]
    rate = _rate(ask.form.get("rate", "").strip())
    made = create_key(ask.shop.state, require(ask.form, "name"), scopes, ask.by, rate=rate)
    return Page(_shown(ask, made), status=201)


def change_key(ask: Ask) -> Page:
    """``POST /console/settings/change-key``: id. The old text opens for a day more."""
    made = rotate_key(ask.shop.state, require(ask.form, "id"), ask.by)
    return Page(_shown(ask, made), status=201)


def end_key(ask: Ask) -> Redirect:
    """``POST /console/settings/end-key``: id."""
    revoke_key(ask.shop.state, require(ask.form, "id"), ask.by)
    return Redirect(PATH, "key_ended")


def _rate(text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise BadInput("a rate as a number", repr(text), "Write it like 200, or none.") from None


def _shown(ask: Ask, made: Made | None = None) -> SettingsPage:
    found = ask.shop.settings
    manages = Permission.MANAGE in ask.may
    return SettingsPage(
        keys=tuple(map(_key, all_keys(ask.shop.state))) if manages else None,
        scopes=tuple(Scope),
        made="" if made is None else made.text,
        snippets=snippets(ask.origin, made),
        role_names=tuple(Role),
        roles=tuple((str(each), tuple(may(role, each) for role in Role)) for each in Permission),
        kept=tuple((table, key, getattr(getattr(found, table), key)) for table, key in _KEPT),
        languages=(found.shop.language, *found.search.languages),
        interface=tuple(language(code).name for code in CODES),
        changed=tuple(_changed(found)),
    )


def _key(key: Key) -> KeyShown:
    ends = (each.expires_at for each in reversed(key.secrets))
    return KeyShown(
        key.id, key.name, tuple(sorted(key.scopes)), key.rate, tuple(map(_minute, ends))
    )


def _minute(moment: int | None) -> str:
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment / 1e6, UTC).strftime("%Y-%m-%d %H:%M")


def _changed(found: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    by_itself = Settings()
    for table in fields(Settings):
        if table.name in _UNTOLD:
            continue
        here, there = getattr(found, table.name), getattr(by_itself, table.name)
        lines = tuple(
            f"{each.name} = {toml_value(getattr(here, each.name))}"
            for each in fields(here)
            if getattr(here, each.name) != getattr(there, each.name)
        )
        if lines:
            yield table.name, lines

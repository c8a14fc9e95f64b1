"""The languages of the interface: one file of texts each, and how one is chosen.

Product data are shown as the feed wrote them; only the words around them are translated.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

CODES = ("en", "zh")
"""Languages that have a file of texts here; the first is the last resort."""


_NO_KEY = re.compile("[^a-z0-9_]+")


@dataclass(frozen=True)
class Language:
    """One language. ``texts``: dotted key → text with ``{named}`` places."""

    code: str
    name: str
    texts: Mapping[str, str]

    def text(self, key: str, **values: object) -> str:
        """The text of ``key`` with its places filled. KeyError for an unknown key or place."""
        return self.texts[key].format_map(values)

    def word(self, key: str, name: str) -> str:
        """The text of ``key.name``, for names that the engine gives out; the name itself where
        there is none."""
        return self.texts.get(f"{key}.{_NO_KEY.sub('-', name.lower())}", name)

    def count(self, key: str, n: int, **values: object) -> str:
        """The text of ``key.one`` or ``key.other``, with ``{n}`` grouped by thousands."""
        form = "one" if n == 1 else "other"
        return self.text(f"{key}.{form}", n=f"{n:,}", **values)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@cache
def language(code: str) -> Language:
    """The language of one of `CODES`: the storefront's texts, and the console's."""
    folder = files(__name__)
    sources = (folder.joinpath(f"{code}.toml"), folder.joinpath("console", f"{code}.toml"))
    texts = {
        key: text
        for source in sources
        for key, text in _flat(tomllib.loads(source.read_text(encoding="utf-8")))
    }
    return Language(code, texts["language.name"], texts)


def choose(asked: str | None, remembered: str | None, accepted: str, default: str) -> Language:
    """The language of an answer.

    In this order: what the address asks for, what the shopper chose before, what the browser
    accepts (RFC 9110 §12.5.4), what the shop speaks.
    """
    for code in (asked, remembered, *_by_quality(accepted), default):
        primary = (code or "").split("-")[0].lower()
        if primary in CODES:
            return language(primary)
    return language(CODES[0])


def _by_quality(accepted: str) -> list[str]:
    """Language tags of an Accept-Language header, the most wanted first."""
    wanted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if weight > 0:
            wanted.append((weight, tag))
    return [tag for _, tag in sorted(wanted, key=lambda pair: -pair[0])]

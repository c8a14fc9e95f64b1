"""Contexts into HTML: Jinja2, everything escaped, one environment a language."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

from mercato.web.asked import Context
from mercato.web.languages import CODES, Language, language
from mercato.web.money import money

STATIC = ("storefront.css", "storefront.js", "glyphs.svg", "favicon.svg")
"""Files of our own that the storefront's pages refer to."""

CONSOLE_STATIC = ("console.css", "console.js", "glyphs.svg", "favicon.svg")
"""And those of the console's."""

_BEFORE = {"storefront.css": "tokens.css", "console.css": "tokens.css"}
"""What a file begins with: both windows are made of the same."""


@dataclass(frozen=True)
class Asset:
    """content : bytes; version : changes with them, so that browsers may keep a file for ever"""

    content: bytes
    version: str


@cache
def asset(name: str) -> Asset:
    """One of `STATIC` or `CONSOLE_STATIC`."""
    folder = files("mercato.web").joinpath("static")
    names = (_BEFORE[name], name) if name in _BEFORE else (name,)
    return versioned(b"\n".join(folder.joinpath(each).read_bytes() for each in names))


def versioned(content: bytes) -> Asset:
    return Asset(content, sha256(content).hexdigest()[:12])


def asset_url(name: str) -> str:
    return f"/static/{name}?v={asset(name).version}"


@dataclass(frozen=True)
class Frame:
    """What every page has around it.

    personal : whether what this browser did counts in what it is shown
    compared : products that it put beside each other
    chooses : whether this browser may shop as anybody
    languages : (code, name, address of this page in it) of the other languages
    departments : (name, address) of the fullest top levels
    twin : address of this page's context as JSON; None of a page that says an error
    """

    shop_name: str
    user_id: str | None
    personal: bool
    compared: int
    chooses: bool
    basket_pieces: int
    languages: tuple[tuple[str, str, str], ...]
    departments: tuple[tuple[str, str], ...]
    twin: str | None


def render(context: Context, frame: Frame, spoken: Language) -> str:
    """The page of a context: its template sees the context's fields and ``frame``."""
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    return environment(spoken.code).get_template(context.template).render(values, frame=frame)


class _Compiled(BytecodeCache):
    """What a template compiles to, which is the same in every language."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


@cache
def environment(code: str) -> Environment:
    """Templates that speak one of `CODES`."""
    spoken = language(code)
    made = Environment(
        loader=PackageLoader("mercato.web"),
        bytecode_cache=_COMPILED,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= _globals(spoken)
    return made


def _globals(spoken: Language) -> Mapping[str, object]:
    def amount(value: float, currency: str) -> str:
        return money(value, currency, spoken.code)

    return {
        "t": spoken.text,
        "count": spoken.count,
        "word": spoken.word,
        "money": amount,
        "lang": spoken,
        "asset": asset_url,
    }


def warm() -> None:
    """Compile every template before the first visitor waits for it."""
    for code in CODES:
        templates = environment(code)
        for name in templates.list_templates():
            templates.get_template(name)

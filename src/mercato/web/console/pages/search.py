"""The search lab: results as a shopper sees them, why each stands there, and what would change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from mercato.catalogue.catalogue import Catalogue
from mercato.core.errors import BadInput
from mercato.data.assets.histories import HISTORIES
from mercato.search.explained import Explanation
from mercato.shop.explain import explain_page
from mercato.shop.judging import GRADES, grades_of, judge
from mercato.shop.release_preview import answered
from mercato.shop.rule_preview import PreviewCall, preview
from mercato.shop.search import SearchCall
from mercato.web.asked import Revealed
from mercato.web.cards import Card, card
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.console.bars import Bar, bars_of, scaled
from mercato.web.forms import require

PATH = f"{ROOT}/search"
SHOWN = 12
"""Results that are explained; each takes about a millisecond."""

_BARS = 4
_LONGEST = 200


@dataclass(frozen=True)
class Result:
    """One product where a shopper sees it.

    bars  : what counted most for it, on one scale for all results
    rules : names of the rules that did something to it, and what
    grade : that a person gave it for these words; None where nobody did
    other : its place on the other side of the comparison; None where it is not there
    why   : address of the whole explanation
    """

    position: int
    card: Card
    score: float
    bars: tuple[Bar, ...]
    rules: tuple[tuple[str, str], ...]
    grade: int | None
    other: int | None
    why: str


@dataclass(frozen=True)
class Choice:
    """What results can be compared with: ``rule:ID`` is without that rule, ``release:N`` as that
    release answers."""

    value: str
    kind: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class Other:
    """The other side of a comparison: its products by place, and where each stands on this one."""

    choice: Choice
    total: int
    cards: tuple[tuple[int, Card, int | None], ...]


@dataclass(frozen=True)
class SearchPage:
    """text    : what the words came to; ``steps`` what was read out of them: (step, words, made)
    relaxed : what was given up so that something is found
    choices : rules and releases to compare with
    grades  : that may be given, the worst first
    """

    template: ClassVar[str] = "console/search.html"
    q: str
    user_id: str
    total: int
    text: str
    did_you_mean: str
    steps: tuple[tuple[str, str, str], ...]
    relaxed: tuple[str, ...]
    results: tuple[Result, ...]
    choices: tuple[Choice, ...]
    other: Other | None
    grades: tuple[int, ...] = GRADES


def search_lab(ask: Ask) -> Page:
    """Parameters: ``q``, ``user_id`` of a shopper through whose eyes it is seen, ``against``."""
    call = call_of(ask)
    choices = _choices(ask)
    chosen = next((each for each in choices if each.chosen), None)
    if not call.q:
        return Page(SearchPage("", "", 0, "", "", (), (), (), choices, None))
    found = explain_page(ask.shop, call)
    other = None if chosen is None else _other(ask, call, chosen, found.explanations)
    places = {} if other is None else {each.id: place for place, each, _ in other.cards}
    context = SearchPage(
        q=call.q,
        user_id=call.user_id or "",
        total=found.result.total,
        text=found.result.understood.text,
        did_you_mean=found.result.did_you_mean or "",
        steps=tuple((s.name, s.text, s.made) for s in found.result.understood.steps),
        relaxed=found.result.applied.relaxed,
        results=_results(ask, call, found.items, found.explanations, places),
        choices=choices,
        other=other,
    )
    revealed = None if call.user_id is None else Revealed(HISTORIES.name, call.user_id)
    return Page(context, revealed=revealed)


def call_of(ask: Ask) -> SearchCall:
    """What the address asks for; nobody is shown the answer, so it is not logged."""
    return SearchCall(
        q=ask.query.get("q", "").strip()[:_LONGEST],
        user_id=ask.shopper() or None,
        per_page=SHOWN,
        seen=False,
    )


def lab_url(q: str, **more: str) -> str:
    return f"{PATH}?{urlencode({'q': q, **{name: text for name, text in more.items() if text}})}"


def _results(
    ask: Ask,
    call: SearchCall,
    items: Sequence[dict[str, object]],
    explanations: Sequence[Explanation],
    places: dict[str, int],
) -> tuple[Result, ...]:
    grades = grades_of(ask.shop, call.q)
    all_bars = [bars_of(each, ask.language)[:_BARS] for each in explanations]
    longest = max((abs(bar.adds) for bars in all_bars for bar in bars), default=None)
    return tuple(
        Result(
            position=position,
            card=card(item, ask.currency),
            score=told.score or 0.0,
            bars=scaled(bars, longest),
            rules=tuple((rule.did, rule.name or rule.rule) for rule in told.rules),
            grade=_grade(grades.get(told.item_id)),
            other=places.get(told.item_id),
            why=why_url(call, told.item_id),
        )
        for position, (item, told, bars) in enumerate(
            zip(items, explanations, all_bars, strict=True), 1
        )
    )


def why_url(call: SearchCall, item_id: str) -> str:
    asked = {"q": call.q, "item": item_id, "user_id": call.user_id or ""}
    return f"{PATH}/why?{urlencode({name: text for name, text in asked.items() if text})}"


def _grade(found: float | None) -> int | None:
    return None if found is None else round(found)


def _choices(ask: Ask) -> tuple[Choice, ...]:
    against = ask.query.get("against", "")
    rules = (("rule", rule.id, rule.name or rule.id) for rule in ask.shop.rules.rules)
    numbers = (n for n in reversed(ask.shop.releases.numbers()) if n != ask.shop.live.number)
    releases = (("release", str(number), str(number)) for number in numbers)
    return tuple(
        Choice(f"{kind}:{key}", kind, name, f"{kind}:{key}" == against)
        for kind, key, name in (*rules, *releases)
    )


def _other(ask: Ask, call: SearchCall, choice: Choice, here: Iterable[Explanation]) -> Other:
    kind, _, key = choice.value.partition(":")
    live = ask.shop.live
    if kind == "rule":
        side = preview(ask.shop, PreviewCall(call, without=key, n=SHOWN)).after
        total, ids = side.total, side.ids
    else:
        live = ask.look.at(int(key))
        found = answered(ask.shop, live, call)
        total, ids = found.total, found.ids
    places = {told.item_id: place for place, told in enumerate(here, 1)}
    return Other(
        choice,
        total,
        tuple(
            (place, _card(ask, live.catalogue, item_id), places.get(item_id))
            for place, item_id in enumerate(ids, 1)
        ),
    )


def _card(ask: Ask, catalogue: Catalogue, item_id: str) -> Card:
    row = catalogue.row(item_id)
    assert row is not None
    return card(catalogue.item(row), ask.currency)


def give_grade(ask: Ask) -> Redirect:
    """``POST /console/search/judge``: q, item_id, grade; an empty grade takes one back."""
    q, item_id = require(ask.form, "q"), require(ask.form, "item_id")
    judge(ask.shop, q, {item_id: _read_grade(ask.form.get("grade", ""))}, ask.by)
    to = lab_url(q, user_id=ask.form.get("user_id", ""), against=ask.form.get("against", ""))
    return Redirect(f"{to}", "judged")


def _read_grade(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 3):
        raise BadInput("a grade", repr(text), "Give 0, 1, 2 or 3.")
    return int(text)

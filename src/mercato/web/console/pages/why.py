"""Why one product stands where it does for some words, or is not shown; and what would mend it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from mercato.core.columns import TITLE
from mercato.core.errors import NotFound
from mercato.data.assets.histories import HISTORIES
from mercato.search.explained import Explanation, HeldWord, Passed
from mercato.shop.explain import explain, item_asked
from mercato.shop.rules import create_rule
from mercato.shop.search import SearchCall, search
from mercato.shop.synonyms import add_synonym
from mercato.web.asked import Revealed
from mercato.web.cards import Card, card
from mercato.web.console.access.following import safe_next
from mercato.web.console.asked import Ask, Page, Redirect
from mercato.web.console.bars import Bar, bars_of
from mercato.web.console.pages.search import call_of, lab_url, why_url
from mercato.web.forms import pieces, require

_MEANT = 6
"""Products that are offered where what was typed is no id."""


@dataclass(frozen=True)
class Fix:
    """Something that would bring the product up.

    kind : ``synonym``, ``pin`` or ``rule``
    word : that the product lacks, of a synonym
    means : what the product holds and the word may stand for
    rule : id of the rule that keeps it away
    """

    kind: str
    word: str = ""
    means: str = ""
    rule: str = ""


@dataclass(frozen=True)
class WhyPage:
    """card    : of the product; None where what was typed names none
    meant   : products that may be meant instead, with the address of the page about each
    verdict : shown, grouped, ruled, filtered, unmatched or behind
    position, total : of its card; position is None where it is not shown
    words   : of the query, and which fields of the product hold them
    cosine, threshold : nearness in meaning, and from where on it counts
    filters : that the words or the shopper asked for, and whether it passes
    rules   : (what a rule did, its name, its id)
    parts   : all that makes the score
    base, raw, score : of the ranker; None where the first stage's order stands
    shown_as : (id, address) of the product that stands for its group
    """

    template: ClassVar[str] = "console/why.html"
    q: str
    asked: str
    user_id: str
    card: Card | None
    meant: tuple[tuple[Card, str], ...]
    verdict: str = ""
    position: int | None = None
    total: int = 0
    words: tuple[HeldWord, ...] = ()
    words_held: int = 0
    words_needed: int = 0
    cosine: float | None = None
    threshold: float = 0.0
    filters: tuple[Passed, ...] = ()
    rules: tuple[tuple[str, str, str], ...] = ()
    parts: tuple[Bar, ...] = ()
    base: float | None = None
    raw: float | None = None
    score: float | None = None
    shown_as: tuple[str, str] | None = None
    fixes: tuple[Fix, ...] = ()
    lab: str = ""


def why(ask: Ask) -> Page:
    """Parameters: those of the lab, and ``item``: an id, a place in the results, or words."""
    call, asked = call_of(ask), ask.query.get("item", "").strip()
    revealed = None if call.user_id is None else Revealed(HISTORIES.name, call.user_id)
    plain = WhyPage(call.q, asked, call.user_id or "", None, (), lab=lab_url(call.q))
    if not call.q or not asked:
        return Page(plain)
    item_id = _named(ask, call, asked)
    if item_id is None:
        return Page(replace(plain, meant=_meant(ask, call, asked)), revealed=revealed)
    told = explain(ask.shop, call, item_id)
    return Page(_told(ask, call, plain, told), revealed=revealed)


def _named(ask: Ask, call: SearchCall, asked: str) -> str | None:
    try:
        item_id = item_asked(ask.shop, call, asked)
    except NotFound:
        return None
    return item_id if ask.shop.live.catalogue.row(item_id) is not None else None


def _meant(ask: Ask, call: SearchCall, asked: str) -> tuple[tuple[Card, str], ...]:
    found = search(ask.shop, SearchCall(asked, per_page=_MEANT, seen=False))
    return tuple((card(hit.item, ask.currency), why_url(call, hit.id)) for hit in found.hits)


def _told(ask: Ask, call: SearchCall, plain: WhyPage, told: Explanation) -> WhyPage:
    catalogue = ask.shop.live.catalogue
    row = catalogue.row(told.item_id)
    assert row is not None
    held, second = told.membership, told.second_stage
    verdict = _verdict(told)
    return replace(
        plain,
        card=card(catalogue.item(row), ask.currency),
        verdict=verdict,
        position=told.position,
        total=told.total,
        words=held.words,
        words_held=held.words_held,
        words_needed=held.words_needed,
        cosine=held.cosine,
        threshold=held.threshold,
        filters=held.filters,
        rules=tuple((rule.did, rule.name or rule.rule, rule.rule) for rule in told.rules),
        parts=bars_of(told, ask.language) if held.found else (),
        base=None if second is None else second.base,
        raw=None if second is None else second.sum,
        score=told.score,
        shown_as=None if told.shown_as is None else (told.shown_as, why_url(call, told.shown_as)),
        fixes=tuple(_fixes(ask, told, verdict, str(catalogue.item(row)[TITLE]))),
    )


_FIRST_PAGE = 24


def _verdict(told: Explanation) -> str:
    """The first of the reasons for which a shopper does not meet the product."""
    held = told.membership
    if any(rule.did in ("hide", "filter") for rule in told.rules) and not held.shown:
        return "ruled"
    if any(not passed.passed for passed in held.filters):
        return "filtered"
    if not held.found and not held.shown:
        return "unmatched"
    if told.shown_as is not None:
        return "grouped"
    if told.position is not None and told.position > _FIRST_PAGE:
        return "behind"
    return "shown"


def _fixes(ask: Ask, told: Explanation, verdict: str, title: str) -> Iterator[Fix]:
    if verdict == "ruled":
        yield from (
            Fix("rule", rule=rule.rule) for rule in told.rules if rule.did in ("hide", "filter")
        )
        return
    if verdict == "unmatched":
        lacking = [word.word for word in told.membership.words if not word.fields]
        yield from (Fix("synonym", word=word, means=title.casefold()) for word in lacking)
    if verdict in ("unmatched", "behind", "filtered"):
        yield Fix("pin")


def mean(ask: Ask) -> Redirect:
    """``POST /console/synonyms``: word, means, both ways where ``both`` is sent; ``next``, or else
    q and item_id, lead back."""
    word, means = require(ask.form, "word"), require(ask.form, "means")
    both = ask.form.get("both") == "1"
    sent = {"terms": [word, means]} if both else {"terms": [word], "also": [means]}
    add_synonym(ask.shop, sent, ask.by)
    to = ask.form.get("next")
    return Redirect(safe_next(to) if to else _back(ask), "synonym")


def pin(ask: Ask) -> Redirect:
    """``POST /console/search/pin``: q, item_id, position from 1."""
    q, item_id = require(ask.form, "q"), require(ask.form, "item_id")
    document = {
        "name": ask.language.text("console.why.pin_name", q=q),
        "conditions": {"queries": [{"match": "exact", "text": q}]},
        "actions": [{"type": "pin", "item": item_id, "position": pieces(ask.form, "position")}],
    }
    create_rule(ask.shop, document, ask.by)
    return Redirect(_back(ask), "pinned")


def _back(ask: Ask) -> str:
    q = ask.form.get("q", "")
    item = ask.form.get("item_id", "")
    return why_url(SearchCall(q), item) if item else lab_url(q)

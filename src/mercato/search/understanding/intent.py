"""Which categories a query asks for, and what is cheap there."""

import math
from dataclasses import replace

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import Range
from mercato.catalogue.query import Sought
from mercato.ranking.intent import CategoryIntent, Intent
from mercato.ranking.understood import Meant, Step, Understood

STEP = "category"

TOLD = 3
"""Categories that are told."""

SURE = 0.5
"""Assumed: from here on the likeliest category tells what is cheap."""


def tell_category(
    understood: Understood, knowledge: CategoryIntent, catalogue: Catalogue
) -> Understood:
    """With the chances of the categories, where the words say anything of them."""
    if understood.exact or not understood.sought:
        return understood
    tokens = [token for each in understood.sought for token in _tokens(each)]
    intent = knowledge.intent(catalogue.text.numbers(tokens))
    if intent is None:
        return understood
    likeliest = intent.likeliest(TOLD)
    steps = tuple(Step(STEP, understood.text, name, round(chance, 3)) for name, chance in likeliest)
    cheap = {each.text for each in understood.steps if each.name == "cheap"}
    sure = cheap and likeliest[0][1] >= SURE
    return replace(
        understood,
        intent=intent,
        meant=_cheap_there(understood.meant, cheap, intent) if sure else understood.meant,
        steps=(*understood.steps, *steps),
    )


def _tokens(sought: Sought) -> list[str]:
    right = next((each for each in sought.alternatives if each.kind == "spelling"), None)
    words = right.words if right else sought.words
    return [token for word in words for token in word.tokens]


def _cheap_there(meant: tuple[Meant, ...], cheap: set[str], intent: Intent) -> tuple[Meant, ...]:
    """With ``cheap`` by the prices of the likeliest category."""
    low = round(intent.low_price, 2)
    return tuple(
        replace(each, filter=replace(each.filter, high=low))
        if each.text in cheap and isinstance(each.filter, Range) and not math.isnan(low)
        else each
        for each in meant
    )

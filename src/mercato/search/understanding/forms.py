"""A query's words find their other forms, in the languages of the shop."""

from collections.abc import Sequence
from dataclasses import replace

from mercato.catalogue.analysis import Word
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.forms import Forms
from mercato.catalogue.query import Alternative, Sought
from mercato.ranking.understood import Step, Understood

STEP = "forms"
KIND = "form"

WEIGHT = 0.95
"""Assumed: what another form counts beside the one that was typed. Less, where it is rarer than
the most frequent form: a rare form says no more than its word does."""

MOST_FORMS = 8
"""The most frequent ones."""


def without_stop_words(understood: Understood, forms: Forms) -> Understood:
    """Without what says nothing in the shop's languages, where there is something else."""
    telling = tuple(each for each in understood.sought if not _says_nothing(each, forms))
    return replace(understood, sought=telling) if telling else understood


def other_forms(
    understood: Understood, forms: Forms, catalogue: Catalogue, *, unknown: bool
) -> Understood:
    """With other forms as alternatives: of words that the catalogue does not know, else of those
    that it knows."""
    sought: list[Sought] = []
    steps: list[Step] = []
    for each in understood.sought:
        found = _alternatives(each, forms, catalogue, unknown=unknown)
        sought.append(replace(each, alternatives=(*each.alternatives, *found)))
        if found:
            made = ", ".join(other.words[0].whole for other in found)
            steps.append(Step(STEP, each.words[0].whole, made))
    if not steps:
        return understood
    return replace(understood, sought=tuple(sought), steps=(*understood.steps, *steps))


def _says_nothing(sought: Sought, forms: Forms) -> bool:
    return all(forms.is_stop_word(word.whole) for word in sought.words)


def _alternatives(
    sought: Sought, forms: Forms, catalogue: Catalogue, *, unknown: bool
) -> Sequence[Alternative]:
    if len(sought.words) != 1 or sought.words[0].parts:
        return ()
    typed = sought.words[0].whole
    others = forms.others(typed)
    if not others:
        return ()
    base = catalogue.text.base
    own, *rarities = base.rarities([typed, *others]).tolist()
    is_unknown = int(base.numbers([typed])[0]) < 0
    if is_unknown is not unknown:
        return ()
    common = min(rarities) if is_unknown else min(own, *rarities)
    ordered = sorted(zip(rarities, others, strict=True))[:MOST_FORMS]
    return [Alternative((Word(form),), WEIGHT * common / rarity, KIND) for rarity, form in ordered]

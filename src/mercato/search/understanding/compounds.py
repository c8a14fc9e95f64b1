"""Words that a shop's titles write both in one and in two are sought both ways."""

from dataclasses import replace

from mercato.catalogue.analysis import Word
from mercato.catalogue.lexicon_compounds import Compounds
from mercato.catalogue.query import Alternative, Sought
from mercato.ranking.understood import Step, Understood

STEP = "both ways"

WEIGHT = 0.8
"""What the other way of writing counts beside the one that was typed."""


def both_ways(understood: Understood, compounds: Compounds) -> Understood:
    """With ``dropcloth`` as an alternative of ``drop cloth``, and the other way round."""
    plain = [
        each.words[0].whole if len(each.words) == 1 and not each.alternatives else ""
        for each in understood.sought
    ]
    pairs = [
        one + other if one and other else "" for one, other in zip(plain, plain[1:], strict=False)
    ]
    parts = compounds.parts([*plain, *pairs])
    in_two, in_one = parts[: len(plain)], parts[len(plain) :]
    sought: list[Sought] = []
    steps: list[Step] = []
    at = 0
    while at < len(plain):
        typed, stead, kind = plain[at : at + 1], in_two[at], "split"
        if at < len(pairs) and in_one[at] == (plain[at], plain[at + 1]):
            typed, stead, kind = plain[at : at + 2], (pairs[at],), "joined"
        stretch = understood.sought[at : at + len(typed)]
        at += len(typed)
        if stead is None:
            sought += stretch
        else:
            other = Alternative(tuple(map(Word, stead)), WEIGHT, kind)
            sought.append(Sought(tuple(each.words[0] for each in stretch), (other,)))
            steps.append(Step(STEP, " ".join(typed), " ".join(stead), WEIGHT))
    if not steps:
        return understood
    return replace(understood, sought=tuple(sought), steps=(*understood.steps, *steps))

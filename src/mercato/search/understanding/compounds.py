"""Words that may be written in one or in two are sought both ways, ``drop cloth`` and
``dropcloth``: where titles write them so and so, and where a pair is found in one only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mercato.catalogue.analysis import Word
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.lexicon_compounds import SHORTEST_PART, SHORTEST_WHOLE, Compounds
from mercato.catalogue.query import Alternative, Sought
from mercato.ranking.understood import Step, Understood
from mercato.search.understanding.co_occurrence import CoOccurrence

STEP = "both ways"

WEIGHT = 0.7
"""What the other way of writing counts beside the one that was typed.

Both ways are worth .0028 nDCG@10 on the validation half of Home Depot's queries, .026 on those 322
that it concerns, and with weights from .7 to 1 much the same."""


@dataclass(frozen=True)
class _Way:
    """Another way to write the ``n`` words from ``at`` on."""

    at: int
    n: int
    stead: tuple[Word, ...]
    kind: str


def both_ways(understood: Understood, compounds: Compounds, catalogue: Catalogue) -> Understood:
    """With the other way of writing as an alternative."""
    plain = [_plain(each) for each in understood.sought]
    ways = _apart(_ways(plain, compounds, catalogue))
    if not ways:
        return understood
    sought = list(understood.sought)
    steps = []
    for way in reversed(ways):
        typed = tuple(each.words[0] for each in sought[way.at : way.at + way.n])
        other = Alternative(way.stead, WEIGHT, way.kind)
        sought[way.at : way.at + way.n] = [Sought(typed, (other,))]
        steps.append(Step(STEP, _spelled(typed), _spelled(way.stead), WEIGHT))
    return replace(understood, sought=tuple(sought), steps=(*understood.steps, *reversed(steps)))


def _plain(sought: Sought) -> str:
    """The only token of a stretch that nothing else stands for; empty where there is more."""
    word = sought.words[0]
    return "" if len(sought.words) > 1 or sought.alternatives or word.parts else word.whole


def _ways(plain: Sequence[str], compounds: Compounds, catalogue: Catalogue) -> list[_Way]:
    """Pairs first: what is written in one for two words tells more than the other way round."""
    joined = [_joined(*pair) for pair in zip(plain, plain[1:], strict=False)]
    parts = compounds.parts([*joined, *plain])
    ways = [
        _Way(at, 2, (Word(whole),), "joined")
        for at, whole in enumerate(joined)
        if whole and (parts[at] == (plain[at], plain[at + 1]) or _in_one(at, plain, catalogue))
    ]
    in_two = enumerate(parts[len(joined) :])
    ways += [_Way(at, 1, tuple(map(Word, two)), "split") for at, two in in_two if two]
    return ways


def _apart(ways: Sequence[_Way]) -> list[_Way]:
    """Those that do not overlap with one before, by their place."""
    taken: set[int] = set()
    kept = []
    for way in ways:
        place = set(range(way.at, way.at + way.n))
        if not place & taken:
            taken |= place
            kept.append(way)
    return sorted(kept, key=lambda way: way.at)


def _joined(one: str, other: str) -> str:
    """Both in one; empty where they are too short, or not of letters alone."""
    whole = one + other
    short = min(len(one), len(other)) < SHORTEST_PART or len(whole) < SHORTEST_WHOLE
    return "" if short or not whole.isalpha() else whole


def _in_one(at: int, plain: Sequence[str], catalogue: Catalogue) -> bool:
    """Whether more products hold the two words in one than hold both of them."""
    one, other = Word(plain[at]), Word(plain[at + 1])
    whole = Word(one.whole + other.whole)
    if catalogue.text.numbers([whole.whole])[0] < 0:
        return False
    rows = CoOccurrence(catalogue)
    rows.read((one, other, whole))
    return rows.together(one, other) < rows.rows(whole)


def _spelled(words: Sequence[Word]) -> str:
    return " ".join(word.whole for word in words)

"""Terms with synonyms are sought under these as well."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from mercato.catalogue.analysis import Word, words
from mercato.catalogue.query import Alternative, Sought
from mercato.ranking.synonyms.synonym import MOST_WORDS, Status, Synonym
from mercato.ranking.understood import Step, Understood

STEP = "synonyms"

SYNONYM = 0.9
"""What a synonym counts beside the words as typed. Assumed."""

HYPONYM = 0.8
"""What a kind of the thing counts beside its name. Assumed."""

MOST_ALTERNATIVES = 12
"""Of one term; each costs a search about 30 µs."""

Key = tuple[str, ...]


@dataclass(frozen=True)
class Synonyms:
    """alternatives : tokens of a term → what else it is sought under, the strongest first"""

    alternatives: Mapping[Key, tuple[Alternative, ...]] = field(default_factory=dict)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of terms: they are spelled as they are meant."""
        return frozenset(word for key in self.alternatives for word in key)

    @classmethod
    def of(cls, synonyms: Iterable[Synonym], languages: Collection[str]) -> "Synonyms":
        """The accepted ones, of no language or one of ``languages``."""
        found: dict[Key, dict[tuple[Word, ...], Alternative]] = {}
        for each in synonyms:
            if each.status is Status.ACCEPTED and each.language in (None, *languages):
                also = each.also or each.terms
                weight, kind = (HYPONYM, "hyponym") if each.also else (SYNONYM, "synonym")
                for term in map(words, each.terms):
                    others = found.setdefault(_key(term), {})
                    for other in map(words, also):
                        if _key(other) != _key(term):
                            others.setdefault(other, Alternative(other, weight, kind))
        ordered = {
            key: tuple(sorted(others.values(), key=lambda each: -each.weight)[:MOST_ALTERNATIVES])
            for key, others in found.items()
        }
        return cls({key: others for key, others in ordered.items() if others})


def _key(term: Iterable[Word]) -> Key:
    return tuple(word.whole for word in term)


def with_synonyms(understood: Understood, synonyms: Synonyms) -> Understood:
    """With synonyms as alternatives, longer terms before shorter ones.

    A word that was put right, or is also written in another way, has the synonyms of that.
    """
    if not synonyms.alternatives:
        return understood
    sought: list[Sought] = []
    steps: list[Step] = []
    at = 0
    while at < len(understood.sought):
        taken, found = _longest(understood.sought[at : at + MOST_WORDS], synonyms)
        stretch = understood.sought[at : at + taken]
        at += taken
        if not found:
            sought += stretch
            continue
        one = _merged(stretch)
        known = {each.words for each in one.alternatives} | {one.words}
        more = tuple(each for each in found if each.words not in known)
        sought.append(replace(one, alternatives=(*one.alternatives, *more)))
        names = ", ".join(_spelled(each.words) for each in more)
        if more:
            steps.append(Step(STEP, _spelled(one.words), names, more[0].weight))
    return replace(understood, sought=tuple(sought), steps=(*understood.steps, *steps))


def _longest(ahead: tuple[Sought, ...], synonyms: Synonyms) -> tuple[int, tuple[Alternative, ...]]:
    """How many stretches the longest term takes, and its synonyms; else one, and none."""
    for taken in range(len(ahead), 0, -1):
        for meant, weight in _meant(ahead[:taken]):
            if found := synonyms.alternatives.get(_key(meant)):
                return taken, tuple(replace(each, weight=each.weight * weight) for each in found)
    return 1, ()


def _meant(stretch: tuple[Sought, ...]) -> list[tuple[tuple[Word, ...], float]]:
    """The words that a stretch may stand for, with what they count."""
    typed = tuple(word for each in stretch for word in each.words)
    if len(stretch) == 1:
        return [(typed, 1.0), *((each.words, each.weight) for each in stretch[0].alternatives)]
    best = [max(each.alternatives, key=_weight, default=None) for each in stretch]
    right = tuple(
        word
        for each, other in zip(stretch, best, strict=True)
        for word in (other.words if other and other.kind == "spelling" else each.words)
    )
    return [(typed, 1.0), (right, min(map(_weight, filter(None, best)), default=1.0))]


def _weight(alternative: Alternative) -> float:
    return alternative.weight


def _merged(stretch: tuple[Sought, ...]) -> Sought:
    """Several stretches as one. What else stood for all of it stays: a misspelt word put right."""
    if len(stretch) == 1:
        return stretch[0]
    (typed, _), (right, weight) = _meant(stretch)
    others = (Alternative(right, weight, "spelling"),) if right != typed else ()
    return Sought(typed, others)


def _spelled(term: Iterable[Word]) -> str:
    return " ".join(_key(term))

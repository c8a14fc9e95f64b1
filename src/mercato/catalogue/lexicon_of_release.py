"""What a release knows of how its words are written, and what changes since have added."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mercato.catalogue.analysis import stem
from mercato.catalogue.base import Base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.lexicon import Lexicon
from mercato.catalogue.lexicon_compounds import Compounds
from mercato.catalogue.memo import LASTING, Memo


@dataclass(frozen=True)
class WrittenWords:
    """lexicon : words of titles, brands and categories, by how many products have them, and as many
    again as is their share of all words that were searched for"""

    lexicon: Lexicon
    compounds: Compounds

    @classmethod
    def of(cls, base: Base, searched: Mapping[str, int]) -> "WrittenWords":
        """From the products of a release.

        searched : words of queries, folded, with how often each was typed; those that no product
                   has are left out
        """
        found = base.completions
        counts = zip(found.words.tolist(), np.diff(found.offsets).tolist(), strict=True)
        written = _with_singulars({word.decode(): count for word, count in counts})
        a_share = len(base) / max(sum(searched.values()), 1)
        for word in written.keys() & searched.keys():
            written[word] += round(searched[word] * a_share)
        titles = base.titles
        return cls(
            Lexicon.of(written),
            Compounds.of(base.text.vocabulary, titles.offsets, titles.tokens),
        )

    @classmethod
    def open(cls, folder: Path) -> "WrittenWords":
        return cls(Lexicon.open(folder), Compounds.open(folder))

    def save(self, folder: Path) -> None:
        self.lexicon.save(folder)
        self.compounds.save(folder)

    def lexicons(self, catalogue: Catalogue) -> tuple[Lexicon, ...]:
        """The release's words, and those that only later products have."""
        late = (_late(part, catalogue.memo) for part in catalogue.text.late.parts)
        return self.lexicon, *late


def _with_singulars(written: Mapping[str, int]) -> dict[str, int]:
    """With the singular of each word, which finds as many products: titles sell strawberries, and
    shoppers mistype strawberry."""
    found = dict(written)
    for word, count in written.items():
        singular = stem(word)
        if singular != word:
            found[singular] = found.get(singular, 0) + count
    return found


def _late(words: dict[str, int], memo: Memo) -> Lexicon:
    """Of one layer of later words, each counted once: layers stay as long as few words come, so
    that not all of them are laid out again for each change."""

    def lay_out() -> tuple[dict[str, int], Lexicon]:
        return words, Lexicon.of(dict.fromkeys(words, 1))

    # With the layer itself, so that no other one takes its number.
    return memo.get(("late words", id(words)), lay_out, LASTING)[1]

"""Which categories a query asks for."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import words
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.packed import open_array, save_array
from mercato.core import columns as c
from mercato.models.naive_bayes import NaiveBayes

_NAMES = "categories.json"


def query_tokens(q: str) -> list[str]:
    """The tokens of a query's words, as titles have them."""
    return [token for word in words(q) for token in word.tokens]


@dataclass(frozen=True)
class Intent:
    """Of one query.

    chances : (n_categories,) float32, together 1
    """

    knowledge: "CategoryIntent"
    chances: NDArray[np.float32]

    def agreement(self, rows: NDArray[np.integer], catalogue: Catalogue) -> NDArray[np.float32]:
        """(k,) the chance that the category of each row is meant; rows ascending."""
        categories = self.knowledge.of_rows(rows, catalogue)
        return np.append(self.chances, np.float32(0))[categories]

    def likeliest(self, n: int) -> list[tuple[str, float]]:
        """The first categories and their chances."""
        n = min(n, len(self.chances))
        first = np.argpartition(-self.chances, n - 1)[:n]
        first = first[np.lexsort((first, -self.chances[first]))]
        return [(self.knowledge.names[at], float(self.chances[at])) for at in first.tolist()]

    @property
    def low_price(self) -> float:
        """Up to which the likeliest category's products are cheap; NaN where that is unknown."""
        return float(self.knowledge.low_prices[int(self.chances.argmax())])


@dataclass(frozen=True)
class CategoryIntent:
    """What a release has learned.

    names      : of categories, as paths
    of_row     : (n_base,) int16, the category of each row of the release; -1: none
    of_value   : (n_values,) int16, which one each value of its ``product_type`` is; -1: none
    low_prices : (n_categories,) float32, NaN where a category has no prices
    model      : from tokens, by their numbers in the vocabulary, to categories
    """

    names: tuple[str, ...]
    of_row: NDArray[np.int16]
    of_value: NDArray[np.int16]
    low_prices: NDArray[np.float32]
    model: NaiveBayes

    @classmethod
    def open(cls, folder: Path) -> "CategoryIntent":
        return cls(
            tuple(json.loads((folder / _NAMES).read_text(encoding="utf-8"))),
            open_array(folder, "of_row").view(np.int16),
            open_array(folder, "of_value").view(np.int16),
            open_array(folder, "low_prices").view(np.float32),
            NaiveBayes.load(folder / "model").plain(),
        )

    def save(self, folder: Path) -> None:
        (folder / _NAMES).write_text(json.dumps(self.names, ensure_ascii=False), encoding="utf-8")
        save_array(folder, "of_row", self.of_row)
        save_array(folder, "of_value", self.of_value)
        save_array(folder, "low_prices", self.low_prices)
        self.model.save(folder / "model")

    def of_rows(self, rows: NDArray[np.integer], catalogue: Catalogue) -> NDArray[np.int16]:
        """(k,) the category of each row, -1 without one; rows ascending. What is new since the
        release has one where its category is not new too."""
        n_base = len(self.of_row)
        first_late = int(np.searchsorted(rows, n_base))
        found = np.full(len(rows), -1, np.int16)
        found[:first_late] = self.of_row[rows[:first_late]]
        if first_late < len(rows):
            pairs = catalogue.columns[c.PRODUCT_TYPE].of_rows(rows[first_late:])
            known = pairs.codes < len(self.of_value)
            category = self.of_value[pairs.codes[known]]
            at = first_late + np.searchsorted(rows[first_late:], pairs.rows[known])
            found[at[category >= 0]] = category[category >= 0]
        return found

    def intent(self, tokens: NDArray[np.integer]) -> Intent | None:
        """Of a query's tokens, by their numbers in the release's vocabulary; None where they say
        nothing."""
        known = (tokens >= 0) & (tokens < len(self.model.offsets) - 1)
        chances = self.model.chances(tokens[known])
        return None if chances is None else Intent(self, chances)

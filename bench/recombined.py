"""A catalogue of any size from real product titles: what a growing shop is measured on.

The first products bear the real titles; each further one the first half of one real title and the
second half of another, so words, lengths and how often each word comes stay those of real
products. Brands are the titles' first words, categories a tree over words of the titles; prices,
colours and groups are drawn.
"""

import csv
import gzip
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

COLORS = ("black", "white", "red", "blue", "green", "grey", "brown", "beige", "silver", "yellow")

N_LEAVES = 2_000
"""Words of titles that are categories: the most frequent ones."""

N_SECTIONS, N_DEPARTMENTS = 150, 15

IN_GROUPS = 0.2
"""Share of the products that come in several variants. Assumed."""

VARIANTS = 4

BATCH = 50_000

_PLAIN_WORD = re.compile(r"[A-Za-z]{4,}")


def titles_of(data: Path) -> list[str]:
    """The different titles of a folder with products.csv.gz, or of a shop's items."""
    source = data / "products.csv.gz"
    if source.exists():
        with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
            found: list[str] = [row["title"] for row in csv.DictReader(file)]
    else:
        table = DeltaTable(data / "assets" / "items").to_pyarrow_table(columns=["title"])
        found = table["title"].to_pylist()
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Recombined:
    """Products made of real titles; product k is the same in catalogues of every size.

    path_of_leaf : category path of each word that is a category
    """

    titles: Sequence[str]
    path_of_leaf: Mapping[str, str]
    seed: int = 0

    @classmethod
    def of(cls, titles: Sequence[str]) -> "Recombined":
        return cls(titles, _tree(titles))

    def title(self, number: int) -> str:
        if number < len(self.titles):
            return self.titles[number]
        random = np.random.default_rng((self.seed, number))
        first, second = (
            self.titles[at].split() for at in random.integers(len(self.titles), size=2)
        )
        return " ".join([*first[: (len(first) + 1) // 2], *second[len(second) // 2 :]])

    def product(self, number: int) -> dict[str, object]:
        """The columns of one product, as an import reads them."""
        random = np.random.default_rng((self.seed, 1, number))
        title = self.title(number)
        in_group = random.random() < IN_GROUPS
        return {
            "id": f"p{number:07}",
            "title": title,
            "brand": title.split()[0],
            "product_type": self._category(title),
            "price": f"{float(np.exp(random.normal(3.5, 1.2))) + 0.5:.2f}",
            "currency": "USD",
            "availability": "in_stock" if random.random() < 0.9 else "out_of_stock",
            "color": COLORS[int(random.integers(len(COLORS)))] if random.random() < 0.6 else None,
            "item_group_id": f"g{number // VARIANTS}" if in_group else None,
            "rating": f"{min(5.0, max(1.0, random.normal(4, 0.6))):.1f}",
        }

    def write(self, n_products: int, path: Path) -> None:
        """The first ``n_products`` as a Parquet file."""
        with pq.ParquetWriter(path, _schema()) as writer:
            for start in range(0, n_products, BATCH):
                stop = min(start + BATCH, n_products)
                rows = [self.product(number) for number in range(start, stop)]
                writer.write_table(pa.Table.from_pylist(rows, _schema()))

    def _category(self, title: str) -> str | None:
        words = (word.lower() for word in reversed(_PLAIN_WORD.findall(title)))
        return next((self.path_of_leaf[word] for word in words if word in self.path_of_leaf), None)


def _schema() -> pa.Schema:
    names = ("id", "title", "brand", "product_type", "price", "currency", "availability", "color")
    return pa.schema([(name, pa.string()) for name in (*names, "item_group_id", "rating")])


def _tree(titles: Sequence[str]) -> dict[str, str]:
    """Three levels: frequent words are leaves, dealt out to sections and these to departments."""
    counts = Counter(word.lower() for title in titles for word in _PLAIN_WORD.findall(title))
    names = [word for word, _ in counts.most_common(N_LEAVES)]
    return {
        name: " > ".join(
            (
                f"{names[at % N_DEPARTMENTS].title()} department",
                f"{names[at % N_SECTIONS].title()} section",
                name.title(),
            )
        )
        for at, name in enumerate(names)
    }

"""What every engine beside Mercato is given, and what it answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.texts import searched_texts
from mercato.core import columns as c

_HAN = re.compile("([\u3400-\u9fff])")


@dataclass(frozen=True)
class Product:
    """rest : everything else of the product that Mercato searches"""

    id: str
    title: str
    rest: str


@dataclass(frozen=True)
class Collected:
    """vectors : (n, d) float32, unit vectors of the products' texts by Mercato's encoder"""

    products: Sequence[Product]
    vectors: NDArray[np.float32]
    folder: Path
    is_chinese: bool


class Peer(Protocol):
    """An engine with all products in it."""

    uses_vectors: ClassVar[bool]

    def __init__(self, collected: Collected) -> None: ...

    def search(self, query: str, vector: NDArray[np.float32], k: int) -> list[str]:
        """The ids of the best ``k``, the best first; vector: (d,) of the query."""
        ...

    def close(self) -> None: ...


def spaced(text: str) -> str:
    """Chinese characters as words of their own: none of these engines parts Chinese by itself."""
    return _HAN.sub(r" \1 ", text)


def words_of(text: str) -> list[str]:
    """Letters and digits alone, so that no engine reads a query's marks as its own."""
    return re.findall(r"\w+", spaced(text))


def products_of(catalogue: Catalogue) -> list[Product]:
    found = []
    for item in catalogue.items(range(catalogue.n_rows)):
        title, *rest = searched_texts(item)
        found.append(Product(item[c.ID], spaced(title), spaced(" ".join(rest))))
    return found

"""What the shopper transformer takes to come next; items newer than the release too, by what they
are."""

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facts import KEYS, NUMBERS
from mercato.core.columns import BRAND, DESCRIPTION, PRICE, PRODUCT_TYPE, SALE_PRICE, TITLE
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.described import Description
from mercato.models.shopper_transformer.of_shop import ShopTransformer
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.recommend.asked import Asked, Rows
from mercato.recommend.retrieval import NOTHING, Allowed, Proposal, Retriever, best

TOLD = tuple(KEYS.index(each) for each in ("brand", "category", "top category"))
"""Columns of a catalogue's facts that items are described by."""

_UNPRICED = frozenset({TITLE, DESCRIPTION, BRAND, PRODUCT_TYPE})
_PRICED = _UNPRICED | {PRICE, SALE_PRICE}


def told_of(catalogue: Catalogue, rows: Rows, description: Description) -> ItemContent:
    """What a catalogue tells of some of its rows."""
    return _told(catalogue, rows, description, _prices(catalogue, rows))


def _told(
    catalogue: Catalogue, rows: Rows, description: Description, price: NDArray[np.floating]
) -> ItemContent:
    vectors = np.zeros((len(rows), 0), np.float32)
    if catalogue.vectors is not None:
        vectors = np.asarray(catalogue.vectors.of(rows), np.float32)
    return description.content(catalogue.facts.of(rows).keys[:, TOLD], price, vectors)


def _prices(catalogue: Catalogue, rows: Rows) -> NDArray[np.floating]:
    return catalogue.facts.of(rows).numbers[:, NUMBERS.index("price")]


def _propose(asked: Asked, allowed: Allowed, most: int) -> Proposal:
    """Scores are chances, among all that is allowed."""
    found = asked.context.models.transformer
    state = None if found is None else found.state(asked.context.shopper)
    if found is None or state is None:
        return NOTHING
    live = np.flatnonzero(allowed)
    base = asked.catalogue.base_of[live]
    tables = found.model.tables
    known = np.flatnonzero((base >= 0) & tables.proposed[base])
    late, vectors = _late(asked.catalogue, found)
    may = allowed[late]
    rows = np.concatenate([live[known], late[may]])
    if not len(rows):
        return NOTHING
    logits = np.concatenate([tables.vectors(base[known]) @ state, vectors[may] @ state])
    chances = np.exp(logits - logits.max())
    return best(rows, (chances / chances.sum()).astype(np.float32), most)


def _late(catalogue: Catalogue, found: ShopTransformer) -> tuple[Rows, NDArray[np.float32]]:
    """Rows newer than the release, and (n, width) their vectors; of one snapshot.

    Prices come behind the rest: they change all day long, and texts hardly ever.
    """

    def unpriced() -> tuple[Rows, NDArray[np.float32]]:
        newer = np.flatnonzero(catalogue.base_of[catalogue.n_base :] < 0) + catalogue.n_base
        rows = newer[catalogue.alive[newer]]
        told = _told(catalogue, rows, found.description, np.full(len(rows), np.nan))
        return rows, found.unpriced(told)

    def priced() -> tuple[Rows, NDArray[np.float32]]:
        rows, sums = catalogue.memo.get("items of a network, unpriced", unpriced, _UNPRICED)
        return rows, found.priced(sums, _prices(catalogue, rows))

    return catalogue.memo.get("items of a network", priced, _PRICED)


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    """What a network takes into account is no evidence that could be named."""
    return [Reason(ReasonCode.ALSO_HERE)] * len(rows)


TRANSFORMER = Retriever("transformer", _propose, _reasons)

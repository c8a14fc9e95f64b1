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

_TELLS = frozenset({TITLE, DESCRIPTION, BRAND, PRODUCT_TYPE, PRICE, SALE_PRICE})


def told_of(catalogue: Catalogue, rows: Rows, description: Description) -> ItemContent:
    """What a catalogue tells of some of its rows."""
    facts = catalogue.facts.of(rows)
    vectors = np.zeros((len(rows), 0), np.float32)
    if catalogue.vectors is not None:
        vectors = np.asarray(catalogue.vectors.of(rows), np.float32)
    return description.content(
        facts.keys[:, TOLD], facts.numbers[:, NUMBERS.index("price")], vectors
    )


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
    """Rows newer than the release, and (n, width) their vectors; of one snapshot."""

    def make() -> tuple[Rows, NDArray[np.float32]]:
        newer = np.flatnonzero(catalogue.base_of[catalogue.n_base :] < 0) + catalogue.n_base
        rows = newer[catalogue.alive[newer]]
        return rows, found.vectors(told_of(catalogue, rows, found.description))

    told: tuple[Rows, NDArray[np.float32]] = catalogue.memo.get(
        ("items of a network",), make, _TELLS
    )
    return told


def _reasons(asked: Asked, rows: Rows) -> list[Reason]:
    """What a network takes into account is no evidence that could be named."""
    return [Reason(ReasonCode.ALSO_HERE)] * len(rows)


TRANSFORMER = Retriever("transformer", _propose, _reasons)

"""Networks of the next item as rows of the tables of sequences and of sessions."""

from collections.abc import Sequence
from dataclasses import replace

from bench.contenders import Contender
from mercato.models.neural.learning import Learning
from mercato.models.neural.next_item.model import NextItemNetwork
from mercato.models.neural.next_item.settings import (
    Drawn,
    Encoder,
    Examples,
    Interests,
    Items,
    Masked,
    Pooled,
    Recurrent,
    SessionGraph,
    Sizes,
)

_GRAPH = Items(neighbours=20)

FAMILIES: Sequence[tuple[str, Encoder, Items]] = (
    ("GRU4Rec", Recurrent(), Items()),
    ("BERT4Rec", Masked(), Items()),
    ("session graph network", SessionGraph(), Items()),
    ("graph transformer", Recurrent(), _GRAPH),
    ("two towers", Pooled(), Items()),
    ("multi-interest", Interests(), Items()),
)
"""By the names of rows. The graph transformer's vectors of items are read by the same encoder as
GRU4Rec's, so that the rows tell what the graph adds."""


def networks(longest: int, *, again: bool, width: int = 128) -> tuple[Contender, ...]:
    """
    longest : newest events that are read
    again   : what was met before counts as a next item
    """
    base = NextItemNetwork(
        sizes=Sizes(width=width, longest=longest, dropout=0.4),
        drawn=Drawn(negatives=2_048),
        examples=Examples(batch=1_024, again=again),
        learning=Learning(passes=30, learning_rate=3e-3),
    )
    return tuple(
        Contender(name, (replace(base, encoder=encoder, items=items),))
        for name, encoder, items in FAMILIES
    )

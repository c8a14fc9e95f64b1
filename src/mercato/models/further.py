"""Models that no release holds: too heavy for what they add to a shop, or yet to win there.

They pass the same contract and stand in published tables, so that one can be taken up by moving
its name to `release.MODELS`.
"""

from collections.abc import Mapping

from mercato.models.base import Model
from mercato.models.graph_blend import GraphBlend
from mercato.models.graph_filter.filter import GraphFilter
from mercato.models.ials import Ials
from mercato.models.markov import Markov
from mercato.models.neural.light_gcn.model import LightGcn
from mercato.models.neural.next_item.model import NextItemNetwork
from mercato.models.next_item_blend import NextItemBlend
from mercato.models.next_item_ranker import NextItemRanker
from mercato.models.session_blend import SessionBlend
from mercato.models.shopper_transformer.model import ShopperTransformer

FURTHER: Mapping[str, type[Model]] = {
    "graph-blend": GraphBlend,
    "graph-filter": GraphFilter,
    "ials": Ials,
    "light-gcn": LightGcn,
    "markov": Markov,
    "next-item-blend": NextItemBlend,
    "next-item-network": NextItemNetwork,
    "next-item-ranker": NextItemRanker,
    "session-blend": SessionBlend,
    "shopper-transformer": ShopperTransformer,
}

"""How a shop's settings want its shelves to be ordered."""

import hashlib

from mercato.core.errors import BadInput
from mercato.core.settings import RecommendSettings
from mercato.recommend.reranking.settings import Reranking


def reranking_of(settings: RecommendSettings) -> Reranking:
    """Raises BadInput for a share that is none."""
    for name in ("variety", "new_items", "explore", "price_fit"):
        share = getattr(settings, name)
        if not 0 <= share <= 1:
            raise BadInput(f"recommend.{name} from 0 to 1", repr(share), "Mend shop.toml.")
    return Reranking(
        most_per_category=settings.most_per_category,
        most_per_group=settings.most_per_group,
        variety=settings.variety,
        new_items=settings.new_items,
        explore=settings.explore,
        price_fit=settings.price_fit,
    )


def seed_of(query_id: str) -> int:
    """What chance decides in an answer follows from its id, so that it can be asked again."""
    return int.from_bytes(hashlib.sha256(query_id.encode()).digest()[:8])

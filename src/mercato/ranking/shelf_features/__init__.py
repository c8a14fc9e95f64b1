"""What a ranker of shelves knows of a shopper and an item: one file a family, the same code in
training and serving."""

from mercato.ranking.shelf_features.registry import FAMILIES, NAMES, features

__all__ = ["FAMILIES", "NAMES", "features"]

"""What a ranker knows of a candidate: one file a family, the same code in training and serving."""

from mercato.ranking.features.registry import FAMILIES, NAMES, features

__all__ = ["FAMILIES", "NAMES", "features"]

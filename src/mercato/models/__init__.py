"""One file per model: arrays in, scores out. No I/O beyond save and load."""

from mercato.models.release import MODELS, Models, open_models

__all__ = ["MODELS", "Models", "open_models"]

"""The weights that a shop starts with, before it has judgments or clicks to learn from."""

import json
from pathlib import Path

import numpy as np

from mercato.models.listwise import WeightedSum
from mercato.ranking.features import NAMES

FILE = Path(__file__).parent / "default_weights.json"
"""Written by ``bench/default_ranker.py``: feature → weight and mean."""


def default_sum() -> WeightedSum:
    """Over today's features; one that the file does not name has no weight."""
    found = json.loads(FILE.read_text(encoding="utf-8"))["features"]
    named = [found.get(name, {"weight": 0.0, "mean": 0.0}) for name in NAMES]
    return WeightedSum(
        np.array([each["weight"] for each in named], np.float32),
        np.array([each["mean"] for each in named], np.float32),
    )

"""The models of a release: which are fitted, and opening them all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mercato.models.base import Model
from mercato.models.ease import Ease, FittedEase
from mercato.models.item_knn import FittedItemKnn, ItemKnn
from mercato.models.personal_frequency import FittedPersonalFrequency, PersonalFrequency
from mercato.models.popularity import FittedPopularity, Popularity
from mercato.models.repeat_purchase import FittedRepeatPurchase, RepeatPurchase

MODELS: Mapping[str, type[Model]] = {
    "popularity": Popularity,
    "personal-frequency": PersonalFrequency,
    "repeat-purchase": RepeatPurchase,
    "item-knn": ItemKnn,
    "ease": Ease,
}
"""Name of a model, and of its folder in a release."""


@dataclass(frozen=True)
class Models:
    """The fitted models of one release, all over the same items."""

    popularity: FittedPopularity
    personal_frequency: FittedPersonalFrequency
    repeat_purchase: FittedRepeatPurchase
    item_knn: FittedItemKnn
    ease: FittedEase


def open_models(folder: Path) -> Models:
    """Open the folder that holds one folder for each of `MODELS`.

    Raises NotReady where one is missing or of another format.
    """
    return Models(
        popularity=FittedPopularity.load(folder / "popularity"),
        personal_frequency=FittedPersonalFrequency.load(folder / "personal-frequency"),
        repeat_purchase=FittedRepeatPurchase.load(folder / "repeat-purchase"),
        item_knn=FittedItemKnn.load(folder / "item-knn"),
        ease=FittedEase.load(folder / "ease"),
    )

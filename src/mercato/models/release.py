"""The models of a release: which are fitted, and opening them all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mercato.models.base import Model
from mercato.models.complements import Complements, FittedComplements
from mercato.models.ease import Ease, FittedEase
from mercato.models.item_knn import FittedItemKnn, ItemKnn
from mercato.models.personal_frequency import FittedPersonalFrequency, PersonalFrequency
from mercato.models.popularity import FittedPopularity, Popularity
from mercato.models.repeat_purchase import FittedRepeatPurchase, RepeatPurchase
from mercato.models.saving import Saved
from mercato.models.session_knn import FittedSessionKnn, SessionKnn
from mercato.models.shopper_transformer.of_shop import ShopTransformer
from mercato.models.substitutes import FittedSubstitutes, Substitutes

Part = TypeVar("Part", bound=Saved)

TRANSFORMER = "shopper-transformer"
"""Folder of the model that a build learns where it may, and keeps where it wins."""

MODELS: Mapping[str, type[Model]] = {
    "popularity": Popularity,
    "personal-frequency": PersonalFrequency,
    "repeat-purchase": RepeatPurchase,
    "item-knn": ItemKnn,
    "ease": Ease,
    "complements": Complements,
    "substitutes": Substitutes,
    "session-knn": SessionKnn,
}
"""Name of a model, and of its folder in a release."""


@dataclass(frozen=True)
class Models:
    """The fitted models of one release, all over the same items.

    complements, substitutes, session_knn : None in releases from before there were any
    transformer : None where none was learned, or none was better than none
    """

    popularity: FittedPopularity
    personal_frequency: FittedPersonalFrequency
    repeat_purchase: FittedRepeatPurchase
    item_knn: FittedItemKnn
    ease: FittedEase
    complements: FittedComplements | None = None
    substitutes: FittedSubstitutes | None = None
    session_knn: FittedSessionKnn | None = None
    transformer: ShopTransformer | None = None


def open_models(folder: Path) -> Models:
    """Open the folder that holds one folder for each of `MODELS`.

    Raises NotReady where one that a shelf cannot do without is missing, or of another format.
    """
    return open_fitted({name: folder / name for name in (*MODELS, TRANSFORMER)})


def open_fitted(folders: Mapping[str, Path]) -> Models:
    """The same of folders by name, wherever they lie."""
    return Models(
        popularity=FittedPopularity.load(folders["popularity"]),
        personal_frequency=FittedPersonalFrequency.load(folders["personal-frequency"]),
        repeat_purchase=FittedRepeatPurchase.load(folders["repeat-purchase"]),
        item_knn=FittedItemKnn.load(folders["item-knn"]),
        ease=FittedEase.load(folders["ease"]),
        complements=_where_there(FittedComplements, folders.get("complements")),
        substitutes=_where_there(FittedSubstitutes, folders.get("substitutes")),
        session_knn=_where_there(FittedSessionKnn, folders.get("session-knn")),
        transformer=_where_there(ShopTransformer, folders.get(TRANSFORMER)),
    )


def _where_there(model: type[Part], folder: Path | None) -> Part | None:
    """None in releases that have none."""
    return model.load(folder) if folder is not None and folder.is_dir() else None

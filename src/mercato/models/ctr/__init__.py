"""Models of clicks and purchases: rows of categorical fields in, log-odds out."""

from collections.abc import Mapping

from mercato.models.ctr.base import ClickModel
from mercato.models.ctr.boosted_trees import BoostedTrees
from mercato.models.ctr.cross_network import CrossNetwork
from mercato.models.ctr.entire_space import EntireSpace
from mercato.models.ctr.factorisation_machine import FactorisationMachine
from mercato.models.ctr.interest_network import InterestNetwork
from mercato.models.ctr.logistic_regression import LogisticRegression

CLICK_MODELS: Mapping[str, type[ClickModel]] = {
    "logistic-regression": LogisticRegression,
    "factorisation-machine": FactorisationMachine,
    "boosted-trees": BoostedTrees,
    "cross-network": CrossNetwork,
    "interest-network": InterestNetwork,
    "entire-space": EntireSpace,
}

__all__ = ["CLICK_MODELS", "ClickModel"]

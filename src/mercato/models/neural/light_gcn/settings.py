"""What a LightGCN is made of; each choice is declared here and nowhere else."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Passing:
    """LightGCN (He et al. 2020, https://arxiv.org/abs/2002.02126).

    width  : of vectors
    layers : times that vectors are passed along the graph; the mean of all layers counts
    own    : shoppers have vectors of their own, as in LightGCN; else a shopper is what their items
             pass to them, so that whoever comes later is known in the same way
    spread : standard deviation of vectors in the beginning
    """

    width: int = 64
    layers: int = 3
    own: bool = False
    spread: float = 0.1


@dataclass(frozen=True)
class Loss:
    """What is minimised.

    kind        : "bpr": a drawn item below one that was met (Rendle et al. 2009,
                  https://arxiv.org/abs/1205.2618), LightGCN's; "softmax": the one that was met
                  among many drawn ones, scores are cosines over ``temperature`` (Wu et al. 2024,
                  https://arxiv.org/abs/2201.02327)
    negatives   : items drawn for a whole batch, of "softmax"
    temperature : of "softmax"
    ridge       : on the squares of the vectors of a batch, per example
    contrast    : weight of the contrastive loss: a node's last vector and that of the first layer
                  are nearer to each other than to other nodes', both made noisy (XSimGCL, Yu et al.
                  2023, https://arxiv.org/abs/2209.02544); 0: none
    noise       : its length, of each layer's vectors
    apart       : temperature of the contrastive loss
    """

    kind: Literal["bpr", "softmax"] = "softmax"
    negatives: int = 4_096
    temperature: float = 0.1
    ridge: float = 1e-4
    contrast: float = 0.0
    noise: float = 0.1
    apart: float = 0.15


@dataclass(frozen=True)
class Examples:
    """
    batch : pairs of a shopper and an item
    held  : shoppers of whom an item is kept from learning, to choose the best weights by
    """

    batch: int = 8_192
    held: int = 2_000

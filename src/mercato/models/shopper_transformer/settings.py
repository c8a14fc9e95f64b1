"""What a shopper transformer is made of; each choice is declared here and nowhere else."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mercato.core.errors import BadInput
from mercato.core.history import Interactions


@dataclass(frozen=True)
class Shape:
    """The network. Defaults chosen on Beauty's validation (docs/LOG.md).

    block     : "attention": causal softmax attention and a perceptron (SASRec, Kang & McAuley 2018,
                https://arxiv.org/abs/1808.09781); "pointwise": attention by SiLU, which counts how
                often and not only how much, gated and without a perceptron (HSTU, Zhai et al. 2024,
                https://arxiv.org/abs/2402.17152)
    width     : of an event's vector
    layers, heads
    inner     : width of the perceptron, in widths
    norm      : where layers are normalised: "pre", before what they add; "post", after it
    positions : "relative": what two events say to each other depends on how many lie between, and,
                where gaps are read, on the time between; "absolute": on their place from the
                oldest that is read
    mean      : share of a layer's attention that is by position alone, beside what is by content:
                a causal low-pass filter with learned weights, as the frequency layer of BSARec
                (Shin et al. 2024, https://arxiv.org/abs/2312.10325); 0: none
    longest   : newest events that are read
    cosine    : temperature of scores that are cosines; 0: scores are inner products
    dropout   : of an event's vector, of what layers add, and of the attention
    """

    block: Literal["attention", "pointwise"] = "attention"
    width: int = 64
    layers: int = 2
    heads: int = 2
    inner: int = 2
    norm: Literal["pre", "post"] = "pre"
    positions: Literal["relative", "absolute"] = "relative"
    mean: float = 0.5
    longest: int = 64
    cosine: float = 0.08
    dropout: float = 0.2

    def check(self) -> None:
        """Raise BadInput where parts do not fit together."""
        if self.width % self.heads:
            raise BadInput(
                f"a width that {self.heads} heads share evenly", f"{self.width}", "Change either."
            )
        if self.longest < 2:
            raise BadInput("two events or more to read", f"{self.longest}", "Raise longest.")


@dataclass(frozen=True)
class Inputs:
    """What is known of an event.

    ids       : each item has a vector of its own
    content   : items have what is told of them: vectors of their texts, codes of their categories,
                brands, price bands… So a new item has a score from its first second
    kinds     : what was done: viewed, put in the cart, bought…; else all events are alike, and only
                those that say something of a wish are read
    gaps      : the time since the event before
    searches  : what was searched for, in its turn, as the vector of its text: where the items' own
                texts are read and the log has searches
    channel   : where it was done (web, app, shop…), where the log tells
    forgotten : share of items whose own vector is left out while learning, so that their content
                learns to stand in
    """

    ids: bool = True
    content: bool = False
    kinds: bool = True
    gaps: bool = True
    searches: bool = False
    channel: bool = False
    forgotten: float = 0.1

    def told_by(self, log: Interactions, vectors: int) -> "Inputs":
        """What of it a log can tell, whose items' texts have vectors of so many numbers.

        Raises BadInput where there are searches, and no texts of items in their space.
        """
        asked = log.searches
        some = self.searches and asked is not None and len(asked.ts) > 0
        wide = 0 if asked is None else asked.vectors.shape[1]
        if some and not (self.content and wide == vectors):
            raise BadInput(
                f"items whose texts have vectors of {wide} numbers, as searches have",
                f"{vectors if self.content else 'none that are read'}",
                "Read content, encoded by the same encoder, or no searches.",
            )
        known = log.channel is not None and bool(np.any(log.channel))
        return replace(self, searches=some, channel=self.channel and known)


@dataclass(frozen=True)
class Loss:
    """What is minimised.

    kind       : "softmax": over all items; "sampled": over the next item and items drawn for the
                 whole batch; "gbce": log losses of the next item and of those drawn, calibrated
                 (gSASRec, Petrov & Macdonald 2023, https://arxiv.org/abs/2308.07192)
    negatives  : items that are drawn
    popularity : they are drawn by their number of events to this power; 0: evenly
    log_q      : of a sampled softmax, correct for the chance of being drawn; the next item itself
                 is not drawn, so it is not corrected (https://arxiv.org/abs/2507.09331)
    smoothing  : share of the whole that is spread evenly over all items, of "softmax"
    calibration: of "gbce", their t; 0: plain log losses, 1: scores are calibrated
    actions    : weight of the loss of what will be done with the next item
    """

    kind: Literal["softmax", "sampled", "gbce"] = "sampled"
    negatives: int = 1_024
    popularity: float = 0.5
    log_q: bool = True
    smoothing: float = 0.0
    calibration: float = 0.75
    actions: float = 0.1


@dataclass(frozen=True)
class Examples:
    """What is learned from.

    batch    : events in a batch, about
    packed   : several shoppers' events share a row of a batch; else a row is one shopper's, padded
    again    : also what a shopper had met before counts as a next item, and is proposed
    ahead    : days; what comes next is drawn anew in each pass from all that was met at later
               moments within them, as what a shelf is judged by (PinnerFormer, Pancha et al. 2022,
               https://arxiv.org/abs/2205.04507); 0: it is the very next event
    held     : shoppers whose last event is kept from learning, to choose the best weights by
    """

    batch: int = 2_048
    packed: bool = True
    again: bool = True
    ahead: float = 0.0
    held: int = 1_000

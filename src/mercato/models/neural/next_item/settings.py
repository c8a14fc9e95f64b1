"""What a network of the next item is made of; each choice is declared here and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recurrent:
    """GRU4Rec (Hidasi et al. 2016, https://arxiv.org/abs/1511.06939): a state that each event
    changes, learned from behind every event.

    layers : of gated recurrent units
    """

    layers: int = 1


@dataclass(frozen=True)
class Masked:
    """BERT4Rec (Sun et al. 2019, https://arxiv.org/abs/1904.06690): attention in both directions,
    learned from events that are hidden; the next one is a hidden one behind the newest.

    layers, heads
    inner  : width of the perceptrons, in widths
    hidden : share of events that are hidden; the newest of a third of the rows alone, as it is
             asked for
    """

    layers: int = 2
    heads: int = 2
    inner: int = 2
    hidden: float = 0.3


@dataclass(frozen=True)
class SessionGraph:
    """A session as a graph of its items (SR-GNN, Wu et al. 2019, https://arxiv.org/abs/1811.00855),
    read by attention that knows the direction of links (the local layer of GCE-GNN, Wang et al.
    2020, https://arxiv.org/abs/2106.05081), gated against what went in (SGNN-HN, Pan et al. 2020,
    https://doi.org/10.1145/3340531.3412014).

    layers : of attention over linked items
    """

    layers: int = 1


@dataclass(frozen=True)
class Pooled:
    """The shopper's half of two towers (Covington et al. 2016,
    https://doi.org/10.1145/2959100.2959190): a weighted mean of the items, through a perceptron.

    inner : width of the perceptron, in widths
    """

    inner: int = 4


@dataclass(frozen=True)
class Interests:
    """Several states a shopper, an item counts by the one that it is nearest to (ComiRec-SA, Cen
    et al. 2020, https://arxiv.org/abs/2005.09347).

    number : of states
    inner  : width of the attention that makes them, in widths
    """

    number: int = 4
    inner: int = 4


Encoder = Recurrent | Masked | SessionGraph | Pooled | Interests


@dataclass(frozen=True)
class Sizes:
    """
    width   : of vectors
    longest : newest events that are read
    cosine  : temperature of scores that are cosines; 0: scores are inner products
    dropout : of items' vectors as they are read, and within the encoder
    """

    width: int = 64
    longest: int = 50
    cosine: float = 0.08
    dropout: float = 0.3


@dataclass(frozen=True)
class Items:
    """What an item's vector is made of.

    ids        : one of its own
    content    : what is told of it, so that a new item has a score from its first second
    forgotten  : share of items whose own vector is left out while learning
    neighbours : items that most often stand next to it in the log, which a layer of a graph
                 transformer attends to (Dwivedi & Bresson 2021, https://arxiv.org/abs/2012.09699);
                 0: none
    places     : eigenvectors of that graph's Laplacian that tell where in it an item stands
    """

    ids: bool = True
    content: bool = False
    forgotten: float = 0.1
    neighbours: int = 0
    places: int = 16


@dataclass(frozen=True)
class Drawn:
    """A softmax over the next item and items drawn for the whole batch, corrected for the chance of
    being drawn.

    negatives  : items that are drawn
    popularity : they are drawn by their number of events to this power
    """

    negatives: int = 2_048
    popularity: float = 0.5


@dataclass(frozen=True)
class Examples:
    """
    batch : events that are learned in a batch, about
    again : also what a shopper had met before counts as a next item, and is proposed
    held  : shoppers whose last event is kept from learning, to choose the best weights by
    """

    batch: int = 1_024
    again: bool = True
    held: int = 1_000

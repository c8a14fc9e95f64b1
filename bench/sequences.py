"""Published files of sequences: a row of item numbers a line."""

import gzip
from pathlib import Path

import numpy as np

from mercato.evaluation.protocols.sequences import Sequences


def read_sequences(path: Path, *, shoppers: bool = False) -> Sequences:
    """Items of each line, the oldest first; with ``shoppers`` a line begins with whose it is."""
    with gzip.open(path, "rt", encoding="ascii") as lines:
        rows = [np.array(line.split(), np.int32)[int(shoppers) :] for line in lines]
    return Sequences.of_rows(rows)

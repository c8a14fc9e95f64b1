"""What models of clicks learn from: rows of categorical fields, and lists of what came before."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput

UNKNOWN = 0
"""The code of a value that is missing or was never learned, in every field; it pads lists too."""


@dataclass(frozen=True)
class History:
    """What belongs to each row as a list, the newest last: row r owns offsets[r]:offsets[r + 1].

    field   : the field whose values these are, as the item that a row is about
    offsets : (n + 1,) int64
    code    : (n_entries,) int32, below the field's size
    """

    field: str
    offsets: NDArray[np.int64]
    code: NDArray[np.int32]

    def of(self, rows: NDArray[np.integer]) -> "History":
        """The lists of some rows, in the order given."""
        counts = np.diff(self.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(counts)))
        at = np.repeat(self.offsets[rows] - offsets[:-1], counts) + np.arange(offsets[-1])
        return History(self.field, offsets, self.code[at])

    def padded(self, longest: int) -> NDArray[np.int32]:
        """(n, longest) the newest entries, the last one last; UNKNOWN where there are fewer."""
        stop = self.offsets[1:, None]
        at = stop - np.arange(longest, 0, -1)
        real = at >= self.offsets[:-1, None]
        padded = np.full(at.shape, UNKNOWN, np.int32)
        padded[real] = self.code[at[real]]
        return padded


@dataclass(frozen=True)
class Rows:
    """Rows to be scored.

    names     : of the fields, each once
    sizes     : of each field, how many codes it has, UNKNOWN among them
    codes     : (n, n_fields) int32, column f from 0 to below sizes[f]
    histories : of n rows each
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    codes: NDArray[np.int32]
    histories: tuple[History, ...] = ()

    def __post_init__(self) -> None:
        """Raises BadInput where the arrays do not fit together."""
        if self.codes.ndim != 2 or self.codes.shape[1] != len(self.names):
            raise BadInput(f"codes of {len(self.names)} fields", f"{self.codes.shape}", _ANEW)
        for at, (name, size) in enumerate(zip(self.names, self.sizes, strict=True)):
            _check_codes(name, self.codes[:, at], size)
        for each in self.histories:
            if len(each.offsets) != len(self) + 1:
                raise BadInput(f"{len(self)} lists", f"{len(each.offsets) - 1}", _ANEW)
            _check_codes(each.field, each.code, self.sizes[self.place(each.field)])

    def __len__(self) -> int:
        return len(self.codes)

    def place(self, field: str) -> int:
        """The column of a field. Raises BadInput where there is none of that name."""
        if field not in self.names:
            raise BadInput(f"one of the fields {', '.join(self.names)}", field, "Name another.")
        return self.names.index(field)

    @property
    def starts(self) -> NDArray[np.int64]:
        """(n_fields,) where each field's codes start when all fields share one numbering."""
        return np.cumsum([0, *self.sizes[:-1]], dtype=np.int64)

    @property
    def shared(self) -> NDArray[np.int64]:
        """(n, n_fields) the codes in one numbering."""
        return self.codes + self.starts

    def of(self, rows: NDArray[np.integer]) -> "Rows":
        """Some rows, in the order given."""
        histories = tuple(each.of(rows) for each in self.histories)
        return replace(self, codes=self.codes[rows], histories=histories)


@dataclass(frozen=True)
class Examples:
    """Rows with what came of each.

    clicked : (n,) bool
    bought  : (n,) bool, only where it was clicked; None where nobody could buy
    """

    rows: Rows
    clicked: NDArray[np.bool_]
    bought: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Raises BadInput where the arrays do not fit together."""
        if len(self.clicked) != len(self.rows):
            raise BadInput(f"{len(self.rows)} outcomes", f"{len(self.clicked)}", _ANEW)
        if self.bought is not None and (self.bought & ~self.clicked).any():
            raise BadInput("purchases of what was clicked", "others", _ANEW)

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, rows: NDArray[np.integer]) -> "Examples":
        """Some examples, in the order given."""
        bought = None if self.bought is None else self.bought[rows]
        return Examples(self.rows.of(rows), self.clicked[rows], bought)

    def outcomes(self) -> NDArray[np.float32]:
        """(n, 1) clicked, or (n, 2) clicked and bought."""
        known = [self.clicked] if self.bought is None else [self.clicked, self.bought]
        return np.column_stack(known).astype(np.float32)


def check_known(
    rows: Rows, names: tuple[str, ...], sizes: tuple[int, ...], histories: tuple[str, ...] = ()
) -> None:
    """Raise BadInput where rows have other fields or lists than those that a model learned."""
    found = (rows.names, rows.sizes, tuple(each.field for each in rows.histories))
    if found[:2] != (tuple(names), tuple(sizes)):
        raise BadInput(_told(names, sizes), _told(*found[:2]), "Encode the rows as for the fit.")
    if histories and found[2] != tuple(histories):
        raise BadInput(f"lists of {histories}", f"{found[2]}", "Encode the rows as for the fit.")


def check_examples(train: Examples, validation: Examples) -> None:
    """Raise BadInput where nothing can be learned or the two parts differ in their fields."""
    lists = tuple(each.field for each in train.rows.histories)
    check_known(validation.rows, train.rows.names, train.rows.sizes, lists)
    for name, part in (("to learn from", train), ("to stop by", validation)):
        if not (0 < part.clicked.sum() < len(part)):
            raise BadInput(
                f"clicked and unclicked examples {name}",
                f"{int(part.clicked.sum())} of {len(part)} clicked",
                "Give more examples.",
            )


def _check_codes(name: str, codes: NDArray[np.int32], size: int) -> None:
    if len(codes) and (codes.min() < 0 or codes.max() >= size):
        raise BadInput(
            f"codes of {name} from 0 to {size - 1}", f"{codes.min()} to {codes.max()}", _ANEW
        )


def _told(names: tuple[str, ...], sizes: tuple[int, ...]) -> str:
    return ", ".join(f"{name} ({size})" for name, size in zip(names, sizes, strict=True))


_ANEW = "Encode the rows anew."

"""Shoppers who were erased after a release was made: to it they are unknown from then on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mercato.data.access import Hidden
from mercato.data.auditing import mask_of
from mercato.data.erasing.matching import NOBODY, Erased
from mercato.data.erasing.releases import is_clean
from mercato.state import State


@dataclass(frozen=True)
class ErasedBook:
    """version : the number of the newest erasure; equal where they are of the same"""

    version: int
    erased: Erased | None = None


def read_erased_book(state: State) -> ErasedBook:
    """All erasures as they are now."""
    version = state.erasures.newest()
    return ErasedBook(version, Erased(mask_of(state), state.erasures.all()) if version else None)


def hidden_from(inputs: Mapping[str, int], book: ErasedBook) -> Hidden | None:
    """Whom a release may know nothing of; None where that is nobody.

    inputs : the versions that the release was made of
    """
    if book.erased is None:
        return None
    since = tuple(each for each in book.erased.erasures if not is_clean(inputs, each))
    numbers = tuple(each.number for each in since)
    return _Hidden(numbers, replace(book.erased, erasures=since)) if since else None


@dataclass(frozen=True)
class _Hidden:
    """numbers : of the erasures; equal where they are the same"""

    numbers: tuple[int, ...]
    erased: Erased = field(compare=False, repr=False)

    def __call__(self, shopper_id: str) -> bool:
        return self.erased.shopper(shopper_id) != NOBODY

import numpy as np
import pytest

from mercato.core.errors import BadInput
from mercato.models.ctr.fields import Examples, History, Rows

PAST = History("item", np.array([0, 0, 3, 4]), np.array([5, 6, 7, 8], np.int32))


def rows(codes: list[list[int]]) -> Rows:
    return Rows(("user", "item"), (3, 9), np.array(codes, np.int32), (PAST,))


def test_lists_are_padded_in_front_and_lose_their_oldest() -> None:
    assert PAST.padded(2).tolist() == [[0, 0], [6, 7], [0, 8]]
    assert PAST.of(np.array([2, 1])).padded(4).tolist() == [[0, 0, 0, 8], [0, 5, 6, 7]]


def test_fields_share_one_numbering() -> None:
    found = rows([[1, 0], [2, 8], [0, 4]])
    assert found.starts.tolist() == [0, 3]
    assert found.shared.tolist() == [[1, 3], [2, 11], [0, 7]]
    some = found.of(np.array([1]))
    assert some.codes.tolist() == [[2, 8]]
    assert some.histories[0].padded(3).tolist() == [[5, 6, 7]]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([[3, 0], [0, 0], [0, 0]], "codes of user from 0 to 2; found 0 to 3"),
        ([[0, -1], [0, 0], [0, 0]], "codes of item from 0 to 8; found -1 to 0"),
        ([[0, 0]], "1 lists; found 3"),
        ([[0, 0, 0]], r"codes of 2 fields; found \(1, 3\)"),
    ],
)
def test_refuses_rows_that_do_not_fit(codes: list[list[int]], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        rows(codes)


def test_refuses_purchases_without_a_click() -> None:
    given = rows([[1, 0], [2, 8], [0, 4]])
    with pytest.raises(BadInput, match="purchases of what was clicked"):
        Examples(given, np.array([True, False, False]), np.array([True, True, False]))
    with pytest.raises(BadInput, match="3 outcomes; found 2"):
        Examples(given, np.array([True, False]))
    with pytest.raises(BadInput, match="one of the fields user, item; found price"):
        given.place("price")

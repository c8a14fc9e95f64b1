"""What shoppers say of items counts by their newest word."""

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, said_of, unwanted
from mercato.models.preference import weights_of

Said = list[tuple[int, Event, float]]


def items(said: Said) -> list[int]:
    item, event, quantity = (list(each) for each in zip(*said, strict=True)) if said else ([],) * 3
    codes = np.array([EVENT_CODES[each] for each in event], np.int8)  # type: ignore[index]
    return unwanted(np.array(item, np.int64), codes, np.array(quantity, np.float32)).tolist()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([], []),
        ([(3, Event.DISMISS, 1), (1, Event.RATE, 2), (2, Event.RATE, 3)], [1, 3]),
        ([(1, Event.REVIEW, 1), (1, Event.VIEW_ITEM, 1)], [1]),
        ([(1, Event.RATE, 0), (2, Event.REVIEW, 0)], []),
        ([(1, Event.DISMISS, 1), (1, Event.RATE, 5)], []),
        ([(1, Event.RATE, 5), (1, Event.DISMISS, 1)], [1]),
        ([(1, Event.DISMISS, 1), (1, Event.PURCHASE, 1)], []),
    ],
)
def test_the_newest_word_counts(said: Said, found: list[int]) -> None:
    assert items(said) == found


def test_stars_stand_where_others_have_pieces() -> None:
    assert said_of(Event.RATE, None, 4.0) == 4.0
    assert said_of(Event.REVIEW, 2.0, None) == 0.0
    assert said_of(Event.PURCHASE, None, 12.0) == 1.0


def test_stars_are_weighed() -> None:
    """(stars - 2) / 3 of a review's 0.5, at most 5 of them and nothing below."""
    events = [Event.RATE, Event.RATE, Event.REVIEW, Event.RATE, Event.REVIEW, Event.RATE]
    stars = np.array([5, 4, 1, 10, 0, 0], np.float32)
    codes = np.array([EVENT_CODES[each] for each in events], np.int8)
    assert weights_of(codes, stars).tolist() == pytest.approx([0.5, 1 / 3, 0, 0.5, 0.5, 0])

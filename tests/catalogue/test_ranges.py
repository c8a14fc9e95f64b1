import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.catalogue.filters import Range, parse
from mercato.catalogue.masks import numbers_in
from mercato.catalogue.ranges import bounds_for, labels, nice, range_of

numbers = st.floats(-1e6, 1e6).map(lambda number: round(number, 2))


@pytest.mark.parametrize(
    ("number", "expected"), [(0, 0), (7.2, 8), (1234, 1000), (0.049, 0.05), (-260, -250), (95, 100)]
)
def test_a_nice_number_is_short_and_near(number: float, expected: float) -> None:
    assert nice(number) == expected


def test_few_values_have_no_ranges() -> None:
    assert bounds_for(np.repeat(np.arange(12.0), 10)) is None
    assert bounds_for(np.arange(13.0)) is not None


def test_labels_are_half_open_and_reach_to_both_ends() -> None:
    assert labels((5.0, 7.5, 20.0)) == ["..<5", "5..<7.5", "7.5..<20", "20.."]


@given(st.lists(numbers, min_size=13, max_size=60))
def test_each_number_lies_in_the_one_range_whose_label_lets_it_through(found: list[float]) -> None:
    array = np.array(found)
    bounds = bounds_for(array)
    if bounds is None:
        return
    masks = []
    for label in labels(bounds):
        wanted = parse(f"price:{label}")
        assert isinstance(wanted, Range)
        masks.append(numbers_in(array, wanted))
    assert (np.array(masks).sum(axis=0) == 1).all()
    assert (np.argmax(masks, axis=0) == range_of(array, bounds)).all()

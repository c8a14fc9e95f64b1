"""Arrays and mappings that grow: what an earlier snapshot saw stays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mercato.catalogue.growing import Growing, Layers

numbers = st.lists(st.integers(-5, 5), max_size=30)


@given(st.lists(st.tuples(numbers, st.integers(0, 9)), max_size=12))
def test_an_array_goes_on_from_any_of_its_snapshots(steps: list[tuple[list[int], int]]) -> None:
    """Steps of (what is added, which snapshot it is added to)."""
    seen = [(Growing.of(np.array([7, 8])), [7, 8])]
    for new, back in steps:
        growing, values = seen[-1 - back % len(seen)]
        seen.append((growing.extended(np.array(new, np.int64)), [*values, *new]))
    for growing, values in seen:
        assert growing.array.tolist() == values


def test_growing_in_place_copies_nothing() -> None:
    start = Growing.of(np.zeros((3, 2), np.int8)).extended(np.ones((1, 2), np.int8))
    room = start.extended(np.ones((1, 2), np.int8))
    assert np.shares_memory(start.array, room.array)
    assert len(start) == 4 and len(room) == 5


dicts = st.dictionaries(st.sampled_from("abcdefgh"), numbers, max_size=6)


@given(st.lists(dicts, max_size=15))
def test_layers_are_one_mapping(added: list[dict[str, list[int]]]) -> None:
    newest, joined = Layers[str, list[int]](), Layers[str, list[int]]()
    expected: dict[str, list[int]] = {}
    whole: dict[str, list[int]] = {}
    for each in added:
        newest, before = newest.over(each), newest
        joined = joined.over(each, lambda old, new: old + new)
        assert dict(before) == expected
        expected = {**expected, **each}
        whole = {key: whole.get(key, []) + each.get(key, []) for key in {**whole, **each}}
        assert dict(newest) == expected and len(newest) == len(expected)
        assert {key: sum(joined.all_of(key), []) for key in joined} == whole
        sizes = [len(part) for part in newest.parts]
        assert all(larger > 2 * smaller for larger, smaller in zip(sizes, sizes[1:], strict=False))

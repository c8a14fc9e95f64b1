import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mercato.search.ordering import first, leaders


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 4)), max_size=40),
    st.integers(1, 50),
)
def test_order_and_leaders_are_those_of_a_sort(rows: list[tuple[int, int, int]], most: int) -> None:
    group = np.array([row[0] for row in rows], np.int64)
    keys = [
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.float32),
        np.arange(len(rows))[::-1],
    ]
    ranked = sorted(range(len(rows)), key=lambda at: tuple(float(key[at]) for key in keys))
    assert first(keys, most).tolist() == ranked[:most]
    best: dict[int, int] = {}
    for at in ranked:
        best.setdefault(int(group[at]), at)
    assert leaders(group, keys, 6).tolist() == sorted(best.values())

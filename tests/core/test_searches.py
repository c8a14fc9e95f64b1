"""What was searched for, beside what was done with items."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mercato.core.history import MICROSECONDS_PER_DAY, Interactions, one_shopper
from mercato.core.searches import (
    N_CHANNELS,
    Searches,
    channel_code,
    joined_searches,
    searched_text,
    text_key,
)


def asked(days: list[list[float]]) -> Searches:
    """Of shoppers, each search of a text of its own; the channel is the text's number."""
    n = sum(map(len, days))
    return Searches(
        np.cumsum([0, *map(len, days)]),
        np.array([round(day * MICROSECONDS_PER_DAY) for each in days for day in each], np.int64),
        np.arange(n, dtype=np.int32),
        np.arange(n, dtype=np.int16),
        100 + np.arange(n),
        np.eye(4, dtype=np.float32)[:n],
    )


def test_a_log_that_is_cut_at_a_moment_tells_of_no_later_search(
    log_of: Callable[..., Interactions],
) -> None:
    log = log_of([(0, 1, 4), (0, 5, 3), (1, 4, 2)], 8)
    log = replace(log, channel=np.array([1, 2, 3], np.int16), searches=asked([[2, 5], [3]]))
    found = log.before(5 * MICROSECONDS_PER_DAY)
    assert found.item.tolist() == [4, 2]
    assert found.channel is not None and found.searches is not None
    assert found.channel.tolist() == [1, 3]
    assert found.searches.key.tolist() == [100, 102]
    assert found.searches.offsets.tolist() == [0, 1, 2]
    second = log.of(1)
    assert second.searches is not None
    assert second.searches.key.tolist() == [102]
    assert log.where(log.ts < 0).searches is None, "a choice of items' events tells of no search"


def test_parts_of_one_shopper_are_joined_by_time(log_of: Callable[..., Interactions]) -> None:
    learned = replace(log_of([(0, 1, 4), (0, 5, 3)], 8), searches=asked([[2, 6]]))
    since = replace(log_of([(0, 3, 2)], 8), channel=np.array([7], np.int16), searches=asked([[4]]))
    found = one_shopper(learned, since)
    assert found.item.tolist() == [4, 2, 3]
    assert found.channel is not None and found.searches is not None
    assert found.channel.tolist() == [0, 7, 0]
    assert found.searches.ts.tolist() == [day * MICROSECONDS_PER_DAY for day in (2, 4, 6)]
    assert found.searches.key.tolist() == [100, 100, 101]
    plain = one_shopper(log_of([(0, 1, 4)], 8), log_of([(0, 3, 2)], 8))
    assert plain.channel is None and plain.searches is None


def test_of_nothing_nothing_is_joined() -> None:
    assert joined_searches([]) is None
    nobody, somebody = asked([[]]), asked([[1, 2]])
    assert joined_searches([nobody, somebody]) is somebody
    assert joined_searches([nobody, nobody]) is nobody


def test_words_are_read_in_single_spaces() -> None:
    assert searched_text("  oat \t milk ") == "oat milk"
    assert searched_text(None) == searched_text(" ") == ""
    assert len(searched_text("milk " * 100)) <= 100
    assert text_key("oat milk") == text_key(searched_text("oat  milk")) != text_key("milk")


def test_a_channel_has_the_same_code_everywhere() -> None:
    codes = [channel_code(each) for each in ("web", "app", "store", "email")]
    assert len(set(codes)) == 4
    assert all(0 < each < N_CHANNELS for each in codes)
    assert channel_code("Web") == channel_code("web")
    assert channel_code(None) == channel_code("") == 0

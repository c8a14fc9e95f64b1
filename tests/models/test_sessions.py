"""Sessions end where nothing happens for long."""

from collections.abc import Callable

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.models.sessions import moments, newest_session, query_of, session_of

MINUTE = 1 / 1440


def log(log_of: Callable[..., Interactions]) -> Interactions:
    return log_of(
        [
            (0, 1, 0),
            (0, 1 + 30 * MINUTE, 1),
            (0, 1 + 61 * MINUTE, 2),
            (0, 1 + 61 * MINUTE, 3),
            (0, 1 + 62 * MINUTE, 2),
            (0, 1 + 63 * MINUTE, 4, Event.VIEW_ITEM_LIST),
            (1, 1 + 64 * MINUTE, 0),
        ],
        n_items=5,
    )


def test_a_silence_or_another_shopper_ends_a_session(log_of: Callable[..., Interactions]) -> None:
    assert session_of(log(log_of), 30).tolist() == [0, 0, 1, 1, 1, 1, 2]
    assert session_of(Interactions.empty(5), 30).tolist() == []


def test_what_happens_at_once_is_one_moment(log_of: Callable[..., Interactions]) -> None:
    events = log(log_of)
    assert moments(events.ts, session_of(events, 30)).tolist() == [0, 1, 0, 0, 1, 2, 0]


def test_the_newest_session_without_what_was_only_shown(
    log_of: Callable[..., Interactions],
) -> None:
    one = log(log_of).of(0)
    assert newest_session(one, 30).item.tolist() == [2, 3, 2]
    assert newest_session(Interactions.empty(5), 30).item.tolist() == []


def test_a_query_has_each_item_where_it_was_last_met(log_of: Callable[..., Interactions]) -> None:
    query = query_of(log(log_of).of(0), 30)
    assert dict(zip(query.item.tolist(), query.back.tolist(), strict=True)) == {3: 1, 2: 0}
    assert query.item.tolist() == [3, 2], "the newest last"

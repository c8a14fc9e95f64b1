"""Searches and channels among the events that are read."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.errors import BadInput
from mercato.core.history import EVENT_CODES, MICROSECONDS_PER_DAY, Interactions, one_shopper
from mercato.core.progress import Silent
from mercato.core.searches import Searches
from mercato.models.neural.learning import Learning
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.events import read_events
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.remembered import Remembered
from mercato.models.shopper_transformer.settings import Examples, Inputs, Shape
from mercato.models.shopper_transformer.targets import next_acts, next_items

AS_OF = 200 * MICROSECONDS_PER_DAY
ITEMS, TEXTS = 12, 6
VECTORS = np.eye(TEXTS, dtype=np.float32)
SEARCHED = ShopperTransformer(
    shape=Shape(width=16, layers=1, longest=16),
    inputs=Inputs(content=True, searches=True),
    examples=Examples(batch=128),
    learning=Learning(passes=15, learning_rate=0.03),
)


def told() -> ItemContent:
    """Item n + 6 has the text n, the first six have none; all are of one kind."""
    vectors = np.concatenate([np.zeros_like(VECTORS), VECTORS])
    return ItemContent(vectors, np.ones((ITEMS, 1), np.int64), np.array([2]))


def searches(days: list[list[tuple[float, int]]], channel: int = 0) -> Searches:
    """Of each shopper (day, text)."""
    done = [each for one in days for each in one]
    return Searches(
        np.cumsum([0, *map(len, days)]),
        np.array([round(day * MICROSECONDS_PER_DAY) for day, _ in done], np.int64),
        np.array([text for _, text in done], np.int32),
        np.full(len(done), channel, np.int16),
        100 + np.arange(TEXTS),
        VECTORS,
    )


@pytest.fixture(scope="module")
def searching(log_of: Callable[..., Interactions]) -> Interactions:
    """Sixty shoppers buy ten times what nothing but the search a minute before tells of: who looks
    for text n buys item n + 6."""
    random = np.random.default_rng(0)
    done, asked = [], []
    for shopper in range(60):
        texts = random.integers(0, TEXTS, 10).tolist()
        days = [3.0 * at for at in range(10)]
        done += [(shopper, day + 0.001, text + 6) for day, text in zip(days, texts, strict=True)]
        asked.append(list(zip(days, texts, strict=True)))
    return replace(log_of(done, ITEMS), searches=searches(asked))


def fit(model: ShopperTransformer, log: Interactions) -> FittedShopperTransformer:
    with Silent().step("fit") as step:
        return model.fit(log, AS_OF, step, told())


@pytest.fixture(scope="module")
def fitted(searching: Interactions) -> FittedShopperTransformer:
    return fit(SEARCHED, searching)


def found_after_a_search(model: FittedShopperTransformer, log: Interactions) -> float:
    """The share of texts whose item is the first that is proposed to who bought something, and then
    looks for that text."""
    bought = replace(log.of(0).before(20 * MICROSECONDS_PER_DAY), searches=None)
    right = 0
    for text in range(TEXTS):
        one = replace(bought, searches=searches([[(60.0, text)]]))
        right += model.candidates(one, 1).items.tolist() == [text + 6]
    return right / TEXTS


def test_what_a_search_tells_is_learned_only_where_it_is_read(
    fitted: FittedShopperTransformer, searching: Interactions
) -> None:
    assert found_after_a_search(fitted, searching) == 1
    without = replace(SEARCHED, inputs=replace(SEARCHED.inputs, searches=False))
    assert found_after_a_search(fit(without, searching), searching) <= 1 / TEXTS


def test_what_a_channel_tells_is_learned_only_where_it_is_read(
    log_of: Callable[..., Interactions],
) -> None:
    """In channel 1 any view is followed by the purchase of item 10, in channel 2 by that of 11."""
    random = np.random.default_rng(0)
    done, channel = [], []
    for shopper in range(60):
        for at in range(8):
            done.append((shopper, 3.0 * at, int(random.integers(10)), Event.VIEW_ITEM))
            where = int(random.integers(1, 3))
            done.append((shopper, 3.0 * at + 0.001, 9 + where))
            channel += [where, where]
    log = replace(log_of(done, ITEMS), channel=np.array(channel, np.int16))
    one = log_of([(0, 90, 3, Event.VIEW_ITEM)], ITEMS)
    asked = [replace(one, channel=np.array([where], np.int16)) for where in (1, 2)]
    inputs = replace(SEARCHED.inputs, channel=True)
    with_it, without = fit(replace(SEARCHED, inputs=inputs), log), fit(SEARCHED, log)
    assert [with_it.candidates(each, 1).items.tolist() for each in asked] == [[10], [11]]
    assert np.array_equal(*(without.scored(each).scores for each in asked))
    new = replace(one, channel=np.array([777], np.int16))
    assert np.isfinite(with_it.scored(new).scores).all(), "a channel that is new says nothing wrong"


def test_both_are_off_where_the_log_has_none(searching: Interactions) -> None:
    inputs = replace(SEARCHED.inputs, channel=True)
    short = replace(SEARCHED, inputs=inputs, learning=Learning(passes=1))
    plain = fit(short, replace(searching, searches=None))
    assert (plain.searches, plain.channel, plain.tables.channels) == (False, False, None)
    assert fit(short, searching).searches


def test_reading_on_is_reading_anew(
    fitted: FittedShopperTransformer, searching: Interactions
) -> None:
    """A search, a purchase, and so on, also where the window of 16 moves; each is one step."""
    one = searching.of(3)
    moments = np.sort(np.concatenate([one.ts, one.searches.ts]))  # type: ignore[union-attr]
    reading = fitted.begin(one.before(int(moments[2])))
    for n, moment in enumerate(moments[2:].tolist(), 3):
        now = one.before(moment + 1)
        more = reading.behind(now)
        assert more is not None
        assert len(more.item) + len(more.searches.ts) == 1  # type: ignore[union-attr]
        reading.add(more)
        assert reading.n == n
        expected = fitted.state(now)
        assert expected is not None and reading.state is not None
        np.testing.assert_allclose(reading.state, expected, atol=1e-4)


def test_a_search_that_comes_late_is_not_read_on(
    fitted: FittedShopperTransformer, searching: Interactions
) -> None:
    """Of a search that was told after what it led to, all is read anew, in its turn."""
    one = searching.of(3)
    assert one.searches is not None
    early = one.before(int(one.ts[4]) + 1)
    assert early.searches is not None
    told_late = replace(early, searches=early.searches.where(np.arange(5) < 4))
    assert fitted.begin(told_late).behind(early) is None
    assert fitted.begin(early).behind(told_late) is None
    remembered = Remembered(fitted)
    for each in (told_late, early):
        state, expected = remembered.state(each), fitted.state(each)
        assert state is not None and expected is not None
        np.testing.assert_allclose(state, expected, atol=1e-4)


def test_a_search_is_scored_by_the_same_model(
    fitted: FittedShopperTransformer, searching: Interactions
) -> None:
    """What is searched for rises to the top of all items, and nothing of it is remembered."""
    one = searching.of(5)
    before = fitted.state(one)
    assert before is not None
    shelf = fitted.of_state(before)
    remembered = Remembered(fitted)
    for text in range(TEXTS):
        search = searches([[(90.0, text)]])
        state = fitted.searching(one, search)
        scores = fitted.of_state(state)
        assert int(np.argmax(scores)) == text + 6
        rank, was = ((each > each[text + 6]).sum() for each in (scores, shelf))
        assert rank <= was
        np.testing.assert_allclose(remembered.searching(one, search), state, atol=1e-4)
    np.testing.assert_allclose(remembered.state(one), before, atol=1e-4)
    with pytest.raises(BadInput, match="an earlier one"):
        fitted.searching(one, searches([[(1.0, 0)]]))


def test_who_only_searched_is_known(fitted: FittedShopperTransformer) -> None:
    one = replace(Interactions.empty(ITEMS), searches=searches([[(90.0, 2)]]))
    assert fitted.candidates(one, 1).items.tolist() == [8]
    remembered = Remembered(fitted)
    other = replace(one, searches=searches([[(90.0, 4)]]))
    states = [remembered.state(each) for each in (one, other)]
    assert len(remembered) == 2
    assert not np.allclose(*states)


def test_saved_and_without_torch_it_says_the_same(
    fitted: FittedShopperTransformer, searching: Interactions, tmp_path: Path
) -> None:
    fitted.save(tmp_path)
    found = FittedShopperTransformer.load(tmp_path)
    assert np.array_equal(found.score(searching), fitted.score(searching))


def test_one_of_before_searches_were_read_still_opens(
    searching: Interactions, tmp_path: Path
) -> None:
    """As it was written then: no word of searches or channels."""
    short = replace(SEARCHED, learning=Learning(passes=1))
    plain = fit(short, replace(searching, searches=None))
    plain.save(tmp_path)
    for file, names in (("", ("searches", "channel")), ("tables", ("channels",))):
        path = tmp_path / file / "model.json"
        about = json.loads(path.read_text())
        for name in names:
            del about["fields"][name]
        path.write_text(json.dumps(about))
    found = FittedShopperTransformer.load(tmp_path)
    assert not found.searches and found.tables.channels is None
    assert np.array_equal(found.score(searching), plain.score(searching))


def test_refuses_searches_that_are_in_no_space_of_the_items(searching: Interactions) -> None:
    ids = replace(SEARCHED, inputs=Inputs(searches=True))
    with pytest.raises(BadInput, match="vectors of 6 numbers"):
        fit(ids, searching)
    assert searching.searches is not None
    with Silent().step("fit") as step, pytest.raises(BadInput, match="no search after"):
        later = replace(searching.searches, ts=searching.searches.ts + AS_OF)
        SEARCHED.fit(replace(searching, searches=later), AS_OF, step, told())


def test_where_searches_are_read(log_of: Callable[..., Interactions]) -> None:
    """By time among events; before what happened at the same moment; one that is told twice at
    once."""
    minute = 1 / 1_440
    log = log_of(
        [(0, 1, 4, Event.VIEW_ITEM), (0, 2, 5), (1, 9, 6), (0, 3, 7, Event.VIEW_ITEM_LIST)], 8
    )
    days = [[(1 + minute, 0), (1 + 2 * minute, 0), (2, 1), (3, 1)], [], [(5, 2)]]
    log = replace(
        log,
        offsets=np.append(log.offsets, 4),
        channel=np.array([1, 2, 3, 4], np.int16),
        searches=searches(days, channel=5),
    )
    found = read_events(log, kinds=True, gaps=True, searches=True, channel=True)
    assert found.item.tolist() == [4, -1, -1, 5, -1, 6, -1]
    assert found.search.tolist() == [-1, 0, 1, -1, 1, -1, 2]
    assert found.offsets.tolist() == [0, 5, 6, 7]
    assert (found.kind[found.search >= 0] == EVENT_CODES[Event.SEARCH]).all()
    assert found.channel.tolist() == [1, 5, 5, 2, 5, 4, 5]
    # 60 s: 1 + log2(61) = 6.9; 0 s: 1; a shopper's first: 0.
    assert found.gap[[0, 1, 3, 5, 6]].tolist() == [0, 6, 1, 0, 0]
    alike = read_events(log, kinds=False, gaps=False)
    assert alike.item.tolist() == [4, 5, 6]
    assert not len(alike.texts) and not alike.channel.any()


def test_behind_a_search_stands_the_item_that_it_led_to(
    log_of: Callable[..., Interactions],
) -> None:
    """And behind an event too, whatever is searched for in between."""
    log = replace(
        log_of([(0, 1, 4), (0, 3, 5), (1, 1, 6)], 8), searches=searches([[(2, 0), (4, 1)], []])
    )
    read = read_events(log, kinds=True, gaps=True, searches=True)
    assert read.item.tolist() == [4, -1, 5, -1, 6]
    assert next_acts(read).tolist() == [2, 2, -1, -1, -1]
    assert next_items(read, again=True).tolist() == [5, 5, -1, -1, -1]


def test_parts_of_a_history_are_read_as_one(
    fitted: FittedShopperTransformer, searching: Interactions
) -> None:
    """What lies in a release and what came since, as if all lay in the release."""
    one = searching.of(7)
    moment = 10 * MICROSECONDS_PER_DAY
    assert one.searches is not None
    later = replace(
        one.where(one.ts >= moment), searches=one.searches.where(one.searches.ts >= moment)
    )
    joined = fitted.state(one_shopper(one.before(moment), later))
    whole = fitted.state(one)
    assert joined is not None and whole is not None
    np.testing.assert_allclose(joined, whole, atol=1e-5)

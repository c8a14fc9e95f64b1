"""Fitted models: what they learn, how they read on, and new items."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mercato.core.columns import Event
from mercato.core.errors import BadInput
from mercato.core.history import EVENT_CODES, MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models.neural.learning import Learning
from mercato.models.shopper_transformer import int8
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.shopper_transformer.remembered import Remembered
from mercato.models.shopper_transformer.settings import Examples, Inputs, Loss, Shape

AS_OF = 100 * MICROSECONDS_PER_DAY
SMALL = ShopperTransformer(
    shape=Shape(width=16, layers=1, longest=16),
    inputs=Inputs(content=True),
    examples=Examples(batch=128),
    learning=Learning(passes=12, learning_rate=0.03),
)
PURCHASE = EVENT_CODES[Event.PURCHASE]


def told() -> ItemContent:
    """Items 0 to 5 are of kind 1, 6 to 11 of kind 2; their vectors say their number below six."""
    number = np.arange(12)
    vectors = np.eye(6, dtype=np.float32)[number % 6]
    return ItemContent(vectors, (1 + number // 6)[:, None], np.array([3]))


def fit(model: ShopperTransformer, log: Interactions) -> FittedShopperTransformer:
    with Silent().step("fit") as step:
        return model.fit(log, AS_OF, step, told() if model.inputs.content else None)


@pytest.fixture(scope="module")
def fitted(browsing: Interactions) -> FittedShopperTransformer:
    return fit(SMALL, browsing)


@pytest.fixture(scope="module")
def viewed(log_of: Callable[..., Interactions]) -> Callable[[int], Interactions]:
    def one(item: int) -> Interactions:
        return log_of([(0, 50, item, Event.VIEW_ITEM)], 12)

    return one


def test_what_is_viewed_is_bought(
    fitted: FittedShopperTransformer, viewed: Callable[[int], Interactions]
) -> None:
    for item in range(6):
        assert fitted.candidates(viewed(item), 1).items.tolist() == [item + 6]


@pytest.mark.parametrize("kind", ["softmax", "gbce"])
@pytest.mark.parametrize("block", ["attention", "pointwise"])
def test_each_loss_and_block_learns_it(
    kind: Any, block: Any, browsing: Interactions, viewed: Callable[[int], Interactions]
) -> None:
    shape = replace(SMALL.shape, block=block)
    learning = replace(SMALL.learning, passes=30)
    loss = Loss(kind=kind, negatives=6)
    model = replace(SMALL, shape=shape, loss=loss, inputs=Inputs(), learning=learning)
    found = fit(model, browsing)
    best = [int(found.candidates(viewed(item), 1).items[0]) for item in range(6)]
    assert best == [6, 7, 8, 9, 10, 11]


def test_it_knows_what_will_be_done(
    fitted: FittedShopperTransformer,
    viewed: Callable[[int], Interactions],
    log_of: Callable[..., Interactions],
) -> None:
    """Who viewed 2 buys 8; then another is viewed."""
    viewing = fitted.state(viewed(2))
    bought = fitted.state(log_of([(0, 50, 2, Event.VIEW_ITEM), (0, 50.0001, 8)], 12))
    assert viewing is not None and bought is not None
    chances = fitted.action_chances(viewing, np.array([8, 7]))
    assert chances.sum(1) == pytest.approx([1, 1], abs=1e-5)
    assert chances[0, PURCHASE] > 0.8
    assert fitted.action_chances(bought, np.array([3]))[0, EVENT_CODES[Event.VIEW_ITEM]] > 0.8


def test_reading_on_is_reading_anew(
    fitted: FittedShopperTransformer, browsing: Interactions
) -> None:
    """Also where the window moves, which is 16 events here."""
    longest = int(np.argmax(np.diff(browsing.offsets)))
    one = browsing.of(longest)
    assert len(one.item) > 17
    reading = fitted.begin(one.where(np.arange(len(one.item)) < 3))
    for n in range(4, len(one.item) + 1):
        reading.add(one.where(np.arange(len(one.item)) == n - 1))
        anew = fitted.scored(one.where(np.arange(len(one.item)) < n))
        found = reading.scored()
        assert found.items.tolist() == anew.items.tolist()
        np.testing.assert_allclose(found.scores, anew.scores, atol=1e-4)
    assert reading.n == len(one.item)
    begun = fitted.begin(one)
    np.testing.assert_allclose(begun.scored().scores, found.scores, atol=1e-4)


def test_nothing_was_read_yet(fitted: FittedShopperTransformer) -> None:
    reading = fitted.begin(Interactions.empty(12))
    assert reading.state is None and len(reading.scored().items) == 0


def test_a_new_item_is_found_by_its_content(
    fitted: FittedShopperTransformer, viewed: Callable[[int], Interactions]
) -> None:
    """One that is told of as item 8 stands right behind it where 2 was viewed."""
    with_new = fitted.with_items(ItemContent(told().vectors[[8]], told().codes[[8]], told().sizes))
    one = replace(viewed(2), n_items=13)
    assert with_new.candidates(one, 2).items.tolist() == [8, 12]
    with pytest.raises(BadInput, match="vectors of 6 numbers"):
        fitted.with_items(ItemContent.none(1))


def test_what_was_met_can_be_left_out(browsing: Interactions) -> None:
    found = fit(replace(SMALL, examples=replace(SMALL.examples, again=False)), browsing)
    one = browsing.of(0)
    assert not set(one.item.tolist()) & set(found.scored(one).items.tolist())


def test_the_best_weights_are_kept_by_what_was_held_out(browsing: Interactions) -> None:
    learning = replace(SMALL.learning, checks=4, passes=4)
    notes = []

    class Told:
        def advance(self, amount: int = 1) -> None: ...

        def note(self, text: str) -> None:
            notes.append(text)

    examples = replace(SMALL.examples, held=3)
    replace(SMALL, learning=learning, examples=examples).fit(browsing, AS_OF, Told(), told())
    assert "validation 0." in notes[-1] or "validation 1." in notes[-1]


def test_a_killed_training_goes_on(browsing: Interactions, tmp_path: Path) -> None:
    learning = replace(SMALL.learning, checkpoint=str(tmp_path / "run"), save_seconds=-1.0)
    model = replace(SMALL, learning=learning)

    class Killed(BaseException): ...

    class Killer:
        left = 400

        def advance(self, amount: int = 1) -> None:
            self.left -= amount
            if self.left < 0:
                raise Killed

        def note(self, text: str) -> None: ...

    with pytest.raises(Killed):
        model.fit(browsing, AS_OF, Killer(), told())
    assert np.array_equal(
        fit(model, browsing).score(browsing), fit(SMALL, browsing).score(browsing)
    )


def test_serves_without_torch(fitted: FittedShopperTransformer, tmp_path: Path) -> None:
    """In a process of its own, so that nothing else has imported it."""
    fitted.save(tmp_path / "model")
    code = f"""
import json, sys
from pathlib import Path
import numpy as np
from mercato.core.history import Interactions
from mercato.models.shopper_transformer.fitted import FittedShopperTransformer
model = FittedShopperTransformer.load(Path({str(tmp_path)!r}) / "model")
one = Interactions(np.array([0, 1]), np.array([2], np.int32), np.array([1]),
                   np.array([{EVENT_CODES[Event.VIEW_ITEM]}], np.int8), np.ones(1, np.float32), 12)
heavy = [each for each in ("torch", "onnx", "pandas") if each in sys.modules]
print(json.dumps([model.candidates(one, 1).items.tolist(), heavy]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[8], []]
    (tmp_path / "model" / "network" / "network.onnx").unlink()
    with pytest.raises(Exception, match="mercato build"):
        FittedShopperTransformer.load(tmp_path / "model")


def test_in_int8_it_proposes_the_same(
    fitted: FittedShopperTransformer, browsing: Interactions, tmp_path: Path
) -> None:
    rough = fit(replace(SMALL, int8=True), browsing)
    assert rough.tables.items.dtype == np.int8
    assert len(rough.network.graph) < len(fitted.network.graph)
    for shopper in range(10):
        one = browsing.of(shopper)
        exact = fitted.scored(one).scores
        assert np.abs(rough.scored(one).scores - exact).max() < 0.1 * np.ptp(exact)
    assert rough.outcome.examples == fitted.outcome.examples > 0
    rough.save(tmp_path)
    loaded = FittedShopperTransformer.load(tmp_path)
    assert np.array_equal(loaded.score(browsing), rough.score(browsing))
    assert loaded.outcome == rough.outcome
    new = ItemContent(told().vectors[[8]], told().codes[[8]], told().sizes)
    assert (
        rough.with_items(new).candidates(replace(browsing.of(0), n_items=13), 13).items.max() == 12
    )


def test_int8_that_proposes_otherwise_is_left_out(
    fitted: FittedShopperTransformer, browsing: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "LEAST_SHARED", 1.01)
    with Silent().step("int8") as step:
        assert int8.smaller(fitted, browsing, step) is fitted


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (replace(SMALL, shape=Shape(width=10, heads=4)), "a width that 4 heads share"),
        (replace(SMALL, shape=Shape(longest=1)), "two events or more"),
    ],
)
def test_refuses_what_does_not_fit_together(
    model: ShopperTransformer, message: str, browsing: Interactions
) -> None:
    with pytest.raises(BadInput, match=message):
        fit(model, browsing)


def test_refuses_content_of_other_items(browsing: Interactions) -> None:
    with (
        Silent().step("fit") as step,
        pytest.raises(BadInput, match="content of 12 items"),
    ):
        SMALL.fit(browsing, AS_OF, step, ItemContent.none(3))


def test_sizes_grow() -> None:
    sizes = [ShopperTransformer.tiny(), ShopperTransformer.base(), ShopperTransformer.large()]
    assert [each.shape.width for each in sizes] == [64, 128, 256]
    for each in sizes:
        each.shape.check()


def test_who_comes_again_is_read_on(
    fitted: FittedShopperTransformer, browsing: Interactions
) -> None:
    """Whatever came before, states are those of reading anew; only two shoppers are kept."""
    remembered = Remembered(fitted, most=2)
    random = np.random.default_rng(0)
    for _ in range(150):
        one = browsing.of(int(random.integers(4)))
        first = one.where(np.arange(len(one.item)) < random.integers(1, len(one.item) + 1))
        found, expected = remembered.state(first), fitted.state(first)
        assert found is not None
        assert expected is not None
        assert np.abs(found - expected).max() < 1e-4
    assert len(remembered) == 2
    assert remembered.state(Interactions.empty(12)) is None


def test_who_is_away_is_forgotten(fitted: FittedShopperTransformer, browsing: Interactions) -> None:
    now = 0.0
    remembered = Remembered(fitted, clock=lambda: now)
    remembered.state(browsing.of(0))
    now = 1_000.0
    remembered.state(browsing.of(1))
    now = 2_000.0
    remembered.state(browsing.of(1))
    assert len(remembered) == 1


def test_only_what_came_after_is_read(
    fitted: FittedShopperTransformer, browsing: Interactions
) -> None:
    one = browsing.of(0)
    short = one.where(np.arange(len(one.item)) < 2)
    reading = fitted.begin(short)
    behind = reading.behind(one)
    assert behind is not None
    assert behind.item.tolist() == one.item[2:].tolist()
    other = replace(one, item=one.item[::-1].copy())
    assert reading.behind(other) is None, "another history"
    assert fitted.begin(one).behind(short) is None, "what was erased is not remembered"


def test_a_text_stands_where_an_item_with_that_text_alone_would(
    fitted: FittedShopperTransformer,
) -> None:
    text = np.eye(6, dtype=np.float32)[[2]]
    found = fitted.content.of_text(text)
    item = fitted.with_items(ItemContent(text, np.array([[0]]), np.array([3])))
    assert np.allclose(found[0], item.tables.vectors(np.array([12]))[0], atol=1e-6)
    near = np.argsort(-(fitted.tables.items @ found[0]))[:2]
    assert sorted(near.tolist()) == [2, 8], "the two items whose text it is"

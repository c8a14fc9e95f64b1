from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.core.changes import Change, ItemChange
from mercato.ranking.intent import CategoryIntent, Intent, query_tokens
from mercato.search.request import SearchContext, SearchRequest
from mercato.search.search import search
from mercato.search.understanding.reading import Reading
from mercato.training.parts_intent import Categories, Searched, learn_intent

KINDS = {
    "Food > Fruit > Apples": ("apple", 1.0),
    "Food > Fruit > Oranges": ("orange", 2.0),
    "Food > Juice": ("juice", 4.0),
    "Wear > Shoes": ("sneaker", 80.0),
}
ITEMS = [
    {
        "id": f"{word}-{at}",
        "title": f"{word} {'fresh' if path.startswith('Food') else 'fast'} number{at % 7}",
        "product_type": path,
        "price": price * (1 + at / 30),
    }
    for path, (word, price) in KINDS.items()
    for at in range(30)
]


@pytest.fixture(scope="module")
def grocer(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue([*ITEMS, {"id": "odd", "title": "sneaker box"}])


@pytest.fixture(scope="module")
def learned(grocer: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> CategoryIntent:
    folder: Path = tmp_path_factory.mktemp("intent")
    found, likelihood = learn_intent(Categories(grocer), Searched.of(None))
    assert likelihood < 0
    found.save(folder)
    return CategoryIntent.open(folder)


def intent(q: str, learned: CategoryIntent, catalogue: Catalogue) -> Intent:
    found = learned.intent(catalogue.text.numbers(query_tokens(q)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("q", "category"),
    [
        ("apples", "Food > Fruit > Apples"),
        ("fresh orange", "Food > Fruit > Oranges"),
        ("fast sneakers", "Wear > Shoes"),
        ("shoes", "Wear > Shoes"),  # of the category's name; no title has it
    ],
)
def test_words_tell_the_category(
    q: str, category: str, learned: CategoryIntent, grocer: Catalogue
) -> None:
    found = intent(q, learned, grocer)
    ((name, chance),) = found.likeliest(1)
    assert name == category
    assert chance > 0.6
    assert float(found.chances.sum()) == pytest.approx(1)


def test_the_deepest_level_with_few_enough_categories_is_told_apart(grocer: Catalogue) -> None:
    assert Categories(grocer).names == tuple(sorted(KINDS))


def test_what_many_share_leaves_it_open(learned: CategoryIntent, grocer: Catalogue) -> None:
    chances = dict(intent("fresh", learned, grocer).likeliest(4))
    food = [chances[path] for path in KINDS if path.startswith("Food")]
    assert max(food) < 0.5
    assert min(food) > chances["Wear > Shoes"]


def test_unknown_words_say_nothing(learned: CategoryIntent, grocer: Catalogue) -> None:
    assert learned.intent(grocer.text.numbers(query_tokens("zebra"))) is None


def test_rows_agree_by_their_category_new_ones_too(
    learned: CategoryIntent, grocer: Catalogue
) -> None:
    new = {"id": "new", "title": "boot", "product_type": "Wear > Shoes"}
    other = {"id": "other", "title": "hat", "product_type": "Wear > Hats"}
    changed = grocer.apply(
        [ItemChange(1, Change.PUT, "new", new), ItemChange(2, Change.PUT, "other", other)]
    )
    found = intent("sneaker", learned, changed)
    rows = np.array([changed.row(each) for each in ("sneaker-3", "odd", "new", "other")])
    order = np.argsort(rows)
    agreement = dict(
        zip(rows[order].tolist(), found.agreement(rows[order], changed).tolist(), strict=True)
    )
    chance = dict(found.likeliest(4))["Wear > Shoes"]
    assert [agreement[row] for row in rows.tolist()] == pytest.approx([chance, 0, chance, 0])


def test_clicks_teach_what_titles_do_not_say(grocer: Catalogue) -> None:
    """``number3`` stands in titles of all kinds; who types it clicks shoes."""
    before, _ = learn_intent(Categories(grocer), Searched.of(None))
    clicked = Searched(["number3"] * 3, ["sneaker-3", "sneaker-10", "sneaker-17"], np.full(3, 9.0))
    after, _ = learn_intent(Categories(grocer), clicked)
    plain, taught = (
        dict(intent("number3", each, grocer).likeliest(4))["Wear > Shoes"]
        for each in (before, after)
    )
    assert plain < 0.4
    assert taught > 0.8


def test_cheap_is_by_the_prices_of_the_category(learned: CategoryIntent, grocer: Catalogue) -> None:
    def bound(q: str) -> float:
        context = SearchContext(grocer, intent=learned)
        (read,) = search(SearchRequest(q), context).applied.understood
        return float(read.filter.removeprefix("price:.."))

    prices = [80.0 * (1 + at / 30) for at in range(30)]
    assert bound("cheap sneakers") == pytest.approx(np.quantile(prices, 1 / 3), rel=1e-4)
    assert bound("cheap apples") < 2


def test_the_likeliest_category_comes_first(
    learned: CategoryIntent, open_catalogue: Callable[..., Catalogue]
) -> None:
    """Two products fit the words alike."""
    items = [
        {"id": "a-toy", "title": "apple game", "product_type": "Toys > Games"},
        {"id": "b-food", "title": "apple game", "product_type": "Food > Fruit > Apples"},
        *ITEMS,
    ]
    catalogue = open_catalogue(items)
    knowledge, _ = learn_intent(Categories(catalogue), Searched.of(None))
    request = SearchRequest("apple game")
    plain = search(request, SearchContext(catalogue))
    assert catalogue.ids(plain.rows)[:2] == ["a-toy", "b-food"]
    led = search(SearchRequest("game of fresh apple"), SearchContext(catalogue, intent=knowledge))
    assert catalogue.ids(led.rows)[0] == "b-food"
    assert "category" in {step.name for step in led.understood.steps}
    off = SearchContext(catalogue, intent=knowledge, reading=Reading(properties="off"))
    unread = search(SearchRequest("game of fresh apple"), off)
    assert "category" not in {step.name for step in unread.understood.steps}

from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.entities import Entities, save_entities
from mercato.catalogue.entity_finding import fields_named, find_entities
from mercato.core.progress import Silent


def goods(n: int, **fields: str) -> list[dict[str, str]]:
    return [{"id": f"{'-'.join(fields.values())}-{at}", **fields} for at in range(n)]


ITEMS = [
    *goods(6, title="running shoe", brand="Acme", color="Navy Blue", product_type="Wear > Shoes"),
    *goods(3, title="rain jacket", brand="Acme", color="Red", product_type="Wear > Rain & Coats"),
    *goods(4, title="target for darts", brand="Bull", product_type="Games > Darts"),
    *goods(1, title="rice", brand="Target", product_type="Food > Rice"),
    *goods(4, title="fruit orange", brand="Grove", product_type="Food > Oranges"),
    *goods(2, title="table lamp", brand="Lux", color="Orange", product_type="Home > Lamps"),
    *goods(2, title="lamp shade", color="Teal", product_type="Home > Shade > Lamps"),
    *goods(
        3, title="knife", brand="Kai", attributes='{"blade material": "不锈钢", "sharp": "yes"}'
    ),
    *goods(3, title="comb", attributes='{"blade material": "Wood", "sharp": "no"}'),
]


@pytest.fixture(scope="module")
def entities(
    open_catalogue: Callable[..., Catalogue], tmp_path_factory: pytest.TempPathFactory
) -> Entities:
    catalogue = open_catalogue(ITEMS)
    folder: Path = tmp_path_factory.mktemp("entities")
    with Silent().step("entities") as step:
        save_entities(folder, find_entities(catalogue, step))
    return Entities.open(folder)


def meanings(phrase: str, entities: Entities) -> dict[str, tuple[set[str], float]]:
    return {each.field: (set(each.values), each.confidence) for each in entities.of(phrase)}


def near(share: float) -> object:
    return pytest.approx(share, abs=0.001)


@pytest.mark.parametrize(
    ("phrase", "field", "values", "confidence"),
    [
        # Nine products hold it and all have the brand; one more is added for doubt.
        ("acme", "brand", {"Acme"}, 9 / 10),
        ("shoe", "product_type", {"Wear > Shoes"}, 6 / 7),
        ("rain coat", "product_type", {"Wear > Rain & Coats"}, 3 / 4),
        ("coat", "product_type", {"Wear > Rain & Coats"}, 3 / 4),
        ("lamp", "product_type", {"Home > Lamps", "Home > Shade > Lamps"}, 4 / 5),
        ("navy blue", "color", {"Navy Blue"}, 6 / 7),
        ("navy", "color", {"Navy Blue"}, 6 / 7),
        ("blue", "color", {"Navy Blue", "Teal"}, 6 / 7),
        ("azure", "color", {"Navy Blue", "Teal"}, 0.6),
        ("红色", "color", {"Red"}, 0.6),
        ("steel", "blade material", {"不锈钢"}, 0.6),
        ("木质", "blade material", {"Wood"}, 0.6),
    ],
)
def test_a_phrase_names_what_products_with_it_have(
    phrase: str, field: str, values: set[str], confidence: float, entities: Entities
) -> None:
    assert meanings(phrase, entities)[field] == (values, near(confidence))


def test_what_products_seldom_mean_by_a_phrase_is_left_out(entities: Entities) -> None:
    # Five products hold it, one of them is of that brand: 1/6.
    assert meanings("target", entities) == {}


def test_an_ambiguous_phrase_names_several_things_the_likeliest_first(entities: Entities) -> None:
    # Six hold orange: four in the category, two of that colour; of the two that have a colour all.
    assert meanings("orange", entities) == {
        "product_type": ({"Food > Oranges"}, near(4 / 7)),
        "color": ({"Orange"}, near(2 / 3)),
    }
    assert [each.field for each in entities.of("orange")] == ["color", "product_type"]


def test_answers_of_yes_and_no_name_nothing(open_catalogue: Callable[..., Catalogue]) -> None:
    catalogue = open_catalogue(ITEMS)
    assert "blade material" in fields_named(catalogue)
    with Silent().step("entities") as step:
        found = find_entities(catalogue, step)
    assert "yes" not in found and "no" not in found


def test_a_catalogue_without_fields_names_nothing(open_catalogue: Callable[..., Catalogue]) -> None:
    catalogue = open_catalogue([{"id": "a", "title": "lamp"}])
    with Silent().step("entities") as step:
        assert find_entities(catalogue, step) == {}

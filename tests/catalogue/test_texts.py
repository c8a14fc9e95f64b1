import pytest

from mercato.catalogue.texts import category_levels, item_text


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"title": "Mug"}, "Mug"),
        ({"title": "Mug", "brand": "Acme"}, "Mug. Acme"),
        ({"title": "ACME Mug", "brand": "Acme"}, "ACME Mug"),
        ({"title": "Big one", "product_type": "Home > Mugs"}, "Big one. Mugs"),
        ({"title": "Big one", "brand": "A", "product_type": "Cups"}, "Big one. A. Cups"),
        ({"title": "Big one", "brand": None, "product_type": None}, "Big one"),
    ],
)
def test_the_encoder_reads_title_brand_and_deepest_category(
    item: dict[str, str | None], text: str
) -> None:
    assert item_text(item) == text


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ("A > B > C", ["A", "A > B", "A > B > C"]),
        ("A>B", ["A", "A > B"]),
        (" A >  > B ", ["A", "A > B"]),
        ("", []),
        (None, []),
    ],
)
def test_a_path_has_all_its_levels(path: str | None, levels: list[str]) -> None:
    assert category_levels(path) == levels

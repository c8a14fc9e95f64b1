import pyarrow as pa
import pytest

from mercato.data.importers.complete_journey_titles import (
    Reader,
    readable_products,
    readable_size,
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader({"EXTRUDED": 2, "SANDWICHES": 3, "DINNERS": 5})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("APPLE SAUCE", "Apple Sauce"),
        ("BREAD:ITALIAN/FRENCH", "Italian or French Bread"),
        ("SFT DRNK 2 LITER BTL CARB INCL", "Soft Drink 2 Liter Bottle"),
        ("ICE - CRUSHED/CUBED", "Crushed or Cubed Ice"),
        ("NOODLES DRY", "Dry Noodles"),
        ("APPLES GALA (BULK&BAG)", "Gala Apples"),
        ("TOMATOES: STEWED/DICED/CRMD", "Stewed, Diced or Creamed Tomatoes"),
        ("FRZN BREAKFAST ENTREES/SANDWIC", "Frozen Breakfast Entrees or Sandwiches"),
        ("CHEESE CRACKERS (CHEEZ-ITS/GOL", "Cheese Crackers"),
        ("WOMEN S GENERAL-MAGAZINE", "Women's General Magazine"),
        ("POPULAR 750ML WINES", "Popular 750 ml Wines"),
        ("NON-DAIRY CHEESE", "Non-Dairy Cheese"),
        ("BBQ SAUCE", "BBQ Sauce"),
        ("SEAFOOD-FRE-SALMON", "Fresh Salmon"),
        ("FEM. HYGN.NAPKINS", "Sanitary Pads"),
    ],
)
def test_kinds_are_read(reader: Reader, written: str, read: str) -> None:
    assert reader.kind(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("FRZN ICE", "Frozen Ice"),
        ("SALD DRSNG/SNDWCH SPRD", "Salad Dressing and Sandwich Spread"),
        ("REFRGRATD JUICES/DRNKS", "Refrigerated Juices and Drinks"),
        ("DRUG GM", "Drugstore and Household"),
    ],
)
def test_groups_are_read(reader: Reader, written: str, read: str) -> None:
    assert reader.group(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("50 OZ", "50 oz"),
        (".5 L", "0.5 liter"),
        ("8.0 OZ", "8 oz"),
        (".50 OZ", "0.5 oz"),
        ("12 PK/12 OZ", "12 x 12 oz"),
        ("10/6.75 OZ", "10 x 6.75 oz"),
        ("16 OZ/4 PK", "4 x 16 oz"),
        ("1/2 GAL", "1/2 gallon"),
        ("8 1/2 OZ", "8 1/2 oz"),
        ("CTN", "1 carton"),
        ("20 OZ BTL", "20 oz bottle"),
        ("L    16 OZ", "16 oz"),
        ("AB 16 OZ", "16 oz"),
        ("P080 3 OZ", "3 oz"),
        ("2 L*", "2 liter"),
    ],
)
def test_sizes_are_read(written: str, read: str) -> None:
    assert readable_size(written) == read


def test_a_product_reads_like_one() -> None:
    products = pa.table(
        {
            "department": ["GROCERY", "PASTRY", "MEAT", "MISCELLANEOUS", "GROCERY"],
            "brand": ["Private", "National", "National", "National", "National"],
            "product_category": ["FRUIT - SHELF STABLE", "BREAD", "BEEF", None, "SOFT DRINKS"],
            "product_type": [
                "APPLE SAUCE",
                "BREAD:ITALIAN/FRENCH",
                "PRIMAL",
                None,
                "SFT DRNK 2 LITER BTL CARB INCL",
            ],
            "package_size": ["50 OZ", None, None, None, "2 L"],
        }
    )
    named = readable_products(products)
    assert named.title.to_pylist() == [
        "Apple Sauce 50 oz",
        "Italian or French Bread",
        "Primal Beef",
        "Miscellaneous",
        "Soft Drink 2 Liter Bottle",
    ]
    assert named.product_type.to_pylist() == [
        "Grocery > Canned and Jarred Fruit > Apple Sauce",
        "Pastry > Bread > Italian or French Bread",
        "Meat > Beef > Primal",
        "Miscellaneous",
        "Grocery > Soft Drinks > Soft Drink 2 Liter Bottle",
    ]
    assert named.brand.to_pylist() == ["Store brand", *["National brand"] * 4]
    assert named.size.to_pylist() == ["50 oz", None, None, None, "2 liter"]

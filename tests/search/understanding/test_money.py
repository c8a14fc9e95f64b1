import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.search.understanding.money import prices

AMOUNTS = st.one_of(
    st.integers(1, 99_999).map(lambda n: (float(n), str(n))),
    st.integers(1_000, 999_999).map(lambda n: (float(n), f"{n:,}")),
    st.integers(1, 99_999).map(lambda n: (n / 100, f"{n / 100:.2f}")),
    st.integers(1, 999).map(lambda n: (float(n), "".join(chr(ord(d) + 0xFEE0) for d in str(n)))),
)
NAMED = st.sampled_from(
    [("${}", "USD"), ("{} dollars", "USD"), ("{}€", "EUR"), ("€ {}", "EUR"), ("{} usd", "USD")]
)
NAMED_IN_CHINESE = st.sampled_from(["{}元", "{}块钱", "¥{}", "{}人民币"])
BEHIND = st.sampled_from(["", " shoes", " for men", ", red"])

UPPER = {"under {}": True, "below {}": True, "up to {}": False, "{} or less": False}
LOWER = ("over {}", "at least {}", "{} and up", "starting at {}")
UPPER_IN_CHINESE = {"{}以下的": False, "{}以内": False, "不超过{}的": False, "低于{}的": True}
LOWER_IN_CHINESE = ("{}以上的", "至少{}的", "不低于{}", "超过{}的")


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def read(text: str) -> tuple[float, float, bool]:
    (price,) = prices(folded(text))
    return price.low, price.high, price.half_open


@given(AMOUNTS, NAMED, st.sampled_from([*UPPER]), BEHIND)
def test_upper_bounds(
    amount: tuple[float, str], named: tuple[str, str], said: str, behind: str
) -> None:
    text = f"running shoes {said.format(named[0].format(amount[1]))}{behind}"
    assert read(text) == (-math.inf, pytest.approx(amount[0]), UPPER[said])
    assert named[1] in prices(folded(text))[0].currencies


@given(AMOUNTS, NAMED, st.sampled_from(LOWER), BEHIND)
def test_lower_bounds(
    amount: tuple[float, str], named: tuple[str, str], said: str, behind: str
) -> None:
    text = f"running shoes {said.format(named[0].format(amount[1]))}{behind}"
    assert read(text) == (pytest.approx(amount[0]), math.inf, False)


@given(
    AMOUNTS,
    AMOUNTS,
    st.sampled_from(["{}-{}€", "between {} and {} dollars", "from {} to {} usd", "${} - ${}"]),
)
def test_ranges(one: tuple[float, str], other: tuple[float, str], said: str) -> None:
    (low, low_text), (high, high_text) = sorted((one, other))
    expected = (pytest.approx(low), pytest.approx(high), False)
    assert read(f"lamp {said.format(low_text, high_text)}") == expected


@given(AMOUNTS, NAMED_IN_CHINESE, st.sampled_from([*UPPER_IN_CHINESE]))
def test_upper_bounds_in_chinese(amount: tuple[float, str], named: str, said: str) -> None:
    expected = (-math.inf, pytest.approx(amount[0]), UPPER_IN_CHINESE[said])
    phrase = said.format(named.format(amount[1]))
    assert read(f"{phrase}蓝牙耳机") == expected
    assert read(f"蓝牙耳机 {phrase}") == expected


@given(AMOUNTS, NAMED_IN_CHINESE, st.sampled_from(LOWER_IN_CHINESE))
def test_lower_bounds_in_chinese(amount: tuple[float, str], named: str, said: str) -> None:
    phrase = said.format(named.format(amount[1]))
    assert read(f"蓝牙耳机{phrase}") == (pytest.approx(amount[0]), math.inf, False)


@given(AMOUNTS, AMOUNTS, st.sampled_from(["{}到{}块", "{}-{}元的", "{}至{}元之间", "价格{}~{}的"]))
def test_ranges_in_chinese(one: tuple[float, str], other: tuple[float, str], said: str) -> None:
    (low, low_text), (high, high_text) = sorted((one, other))
    expected = (pytest.approx(low), pytest.approx(high), False)
    assert read(f"耳机{said.format(low_text, high_text)}") == expected


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("laptop under 1.5k dollars", -math.inf, 1500),
        ("电脑1万元以下", -math.inf, 10_000),
        ("两百块以内的耳机", -math.inf, 200),
        ("三千五元以上", 3500, math.inf),
        ("手机预算2000", -math.inf, 2000),
        ("budget of $70", -math.inf, 70),
        ("not over 20 bucks", -math.inf, 20),
        ("laptops under 500", -math.inf, 500),
        ("laptops under 500 with 16gb ram", -math.inf, 500),
        ("lamp between 20 and 30", 20, 30),
        ("不超过300的鞋", -math.inf, 300),
        ("300以内", -math.inf, 300),
        ("around $50", 40, 60),
        ("50元左右的礼物", 40, 60),
    ],
)
def test_other_forms(text: str, low: float, high: float) -> None:
    assert read(text)[:2] == (low, high)


@pytest.mark.parametrize(
    "text",
    [
        "under 50 inch tv",
        "under 50 in. tv",
        "2 x 4 under deck",
        "50 in tv",
        "2/3 under cabinet light",
        "between 4 and 6 people tent",
        "24 to 36 inch",
        "3 to 4 outlets",
        "battery 100-200 ah",
        "dumbbells 20 to 30 lb",
        "within 20 feet",
        "up to 40 people",
        "size under 10",
        "toys for kids under 5",
        "vitamins for women over 50",
        "iphone 12 pro max 256",
        "gift card $50",
        "100~200",
        "55寸以下电视",
        "不超过300克",
        "10元店",
        "100以内加减法练习册",
        "100块拼图",
        "三人沙发",
        "3岁以下玩具",
        "wd-40",
        "",
    ],
)
def test_what_is_no_price(text: str) -> None:
    assert prices(text) == []


def test_a_price_does_not_lie_within_another() -> None:
    found = prices("over $20 lamps under $50")
    assert [(each.low, each.high) for each in found] == [(20, math.inf), (-math.inf, 50)]

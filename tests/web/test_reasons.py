"""Reasons in words: every code, in both languages."""

import pytest

from mercato.ranking.reasons import Reason, ReasonCode
from mercato.web.languages import CODES, language
from mercato.web.reasons import days_ago, reason_text

DAY = 86_400_000_000
NOW = 400 * DAY


@pytest.fixture(scope="module")
def catalogue(open_catalogue):
    return open_catalogue([{"id": "1", "title": "Whole milk"}])


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0.5, "today"),
        (1, "yesterday"),
        (13.9, "13 days ago"),
        (14, "2 weeks ago"),
        (59, "8 weeks ago"),
        (61, "2 months ago"),
        (365, "11 months ago"),
        (-3, "today"),
    ],
)
def test_time_is_told_in_the_unit_that_says_it_well(days, expected):
    assert days_ago(language("en"), NOW, NOW - int(days * DAY)) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (
            Reason(ReasonCode.BOUGHT_BEFORE, times=3, last_ts=NOW - 2 * DAY),
            "Bought 3 times · 2 days ago",
        ),
        (Reason(ReasonCode.BOUGHT_BEFORE, times=1, last_ts=NOW), "Bought once · today"),
        (Reason(ReasonCode.BECAUSE_BOUGHT, item="1"), "Because you buy Whole milk"),
        (Reason(ReasonCode.BECAUSE_BOUGHT, item="gone"), "Because of what you bought"),
        (Reason(ReasonCode.BECAUSE_VIEWED, item="1"), "Because you looked at Whole milk"),
        (Reason(ReasonCode.BOUGHT_TOGETHER, item="1"), "Often bought with Whole milk"),
        (Reason(ReasonCode.SIMILAR_TO, item="1"), "Similar to Whole milk"),
        (Reason(ReasonCode.POPULAR_IN_CATEGORY, category="A > Dairy"), "Popular in Dairy"),
        (Reason(ReasonCode.POPULAR, shoppers=1200), "1,200 shoppers bought it lately"),
        (Reason(ReasonCode.POPULAR), "Popular in this shop"),
    ],
)
def test_reasons_name_their_evidence(catalogue, reason, expected):
    assert reason_text(reason, language("en"), catalogue, NOW) == expected


def test_on_its_own_page_a_product_is_this_one(catalogue):
    reason = Reason(ReasonCode.SIMILAR_TO, item="1")
    assert reason_text(reason, language("en"), catalogue, NOW, "1") == "Similar to this product"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("reason", ReasonCode)
def test_every_code_has_words_in_every_language(catalogue, code, reason):
    for item in (None, "1"):
        told = Reason(reason, item=item, times=2, last_ts=NOW, category="A", shoppers=5)
        assert reason_text(told, language(code), catalogue, NOW, item)

"""How queries are compared: on analysed words, in any language."""

import pytest

from mercato.ranking.rules.patterns import Match, Pattern, units_of

HOLDS = [
    (Match.EXACT, "running shoes", "Running SHOE", True),
    (Match.EXACT, "running shoes", "shoes running", False),
    (Match.EXACT, "running shoes", "red running shoes", False),
    (Match.EXACT, "the shoes", "shoes", True),
    (Match.EXACT, "café", "CAFE", True),
    (Match.EXACT, "WD-40", "wd40", True),
    (Match.EXACT, "16oz", "16 oz", True),
    (Match.EXACT, "运动鞋", "運動鞋", True),
    (Match.CONTAINS, "shoe red", "red running shoes", True),
    (Match.CONTAINS, "shoe", "shoebox", False),
    (Match.CONTAINS, "red shoes", "shoes", False),
    (Match.CONTAINS, "手机", "苹果手机壳", True),
    (Match.CONTAINS, "手机", "手表", False),
    (Match.CONTAINS, "手机", "机手", False),
    (Match.CONTAINS, "iphone 手机壳", "手机壳 iPhone 15", True),
    (Match.STARTS_WITH, "red", "red running shoes", True),
    (Match.STARTS_WITH, "running", "red running shoes", False),
    (Match.STARTS_WITH, "红色运动", "红色运动鞋", True),
    (Match.STARTS_WITH, "red running shoes now", "red running shoes", False),
]


@pytest.mark.parametrize(("match", "text", "query", "holds"), HOLDS)
def test_a_pattern_holds_for_a_query(match: Match, text: str, query: str, holds: bool) -> None:
    assert Pattern(match, text).holds(units_of(query)) is holds


def test_no_pattern_holds_where_nothing_was_typed() -> None:
    assert not any(Pattern(match, "shoes").holds(()) for match in Match)

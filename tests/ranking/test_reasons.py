"""Reasons as the API tells them."""

from mercato.ranking.reasons import Reason, ReasonCode


def test_only_what_is_known_is_told() -> None:
    bought = Reason(ReasonCode.BOUGHT_BEFORE, times=3, last_ts=5)
    assert bought.to_json() == {"code": "bought-before", "times": 3, "last_ts": 5}
    assert Reason(ReasonCode.SIMILAR_TO, item="A-1").to_json() == {
        "code": "similar-to",
        "item": "A-1",
    }
    assert Reason(ReasonCode.POPULAR).to_json() == {"code": "popular"}

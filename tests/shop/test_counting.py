"""What each release takes to answer, counted beside the answers."""

import math
from dataclasses import dataclass

import pytest

from mercato.core.errors import BadInput
from mercato.shop import counting
from mercato.shop.counts import Counts


def test_sums_of_logarithms_of_milliseconds() -> None:
    counts = Counts()
    counts.add(7, 0.001, failed=False)  # 1 ms: logarithm 0
    counts.add(7, math.e / 1e3, failed=True)  # e ms: logarithm 1
    counts.add(8, 0.0, failed=False)  # counts as a hundredth of a millisecond
    found = counts.so_far()
    assert found[7].answers == 2 and found[7].errors == 1
    assert found[7].log_ms == pytest.approx(1) and found[7].log_ms_squared == pytest.approx(1)
    assert found[8].log_ms == pytest.approx(math.log(0.01))


@dataclass(frozen=True)
class Asked:
    user_id: str | None = None
    visitor_id: str | None = None
    how: str = "well"


def test_a_failure_counts_and_a_refusal_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Known:
        number = 3

    class Opened:
        counts = Counts()

    monkeypatch.setattr(counting, "live_for", lambda *_: Known)

    @counting.counted
    def answer(shop: Opened, call: Asked) -> str:
        if call.how == "refused":
            raise BadInput("a page", "none", "Say one.")
        if call.how == "broken":
            raise ZeroDivisionError
        return call.how

    shop = Opened()
    assert answer(shop, Asked()) == "well"
    with pytest.raises(BadInput):
        answer(shop, Asked(how="refused"))
    with pytest.raises(ZeroDivisionError):
        answer(shop, Asked(how="broken"))
    found = shop.counts.so_far()[3]
    assert (found.answers, found.errors) == (2, 1)

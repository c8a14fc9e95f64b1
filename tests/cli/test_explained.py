"""An explanation as a person reads it."""

from dataclasses import replace

import pytest

from mercato.cli.explained import print_explanation
from mercato.ranking.rules.explaining import Ruled
from mercato.ranking.understood import Step
from mercato.search.explained import (
    Explanation,
    HeldWord,
    Membership,
    Part,
    Passed,
    Reranked,
)

FOUND = Explanation(
    q="rde mug",
    item_id="i1",
    text="red mug",
    did_you_mean="red mug",
    steps=(Step("spelling", "rde", "red", 0.9),),
    relaxed=(),
    membership=Membership(
        found=True,
        shown=True,
        by_words=True,
        by_meaning=False,
        words=(
            HeldWord("rde", True, ("title",), 0.9, 2.0),
            HeldWord("mug", True, (), 0.0, 1.0),
            HeldWord("xyzzy", False, (), 0.0, 5.0),
        ),
        words_held=1,
        words_needed=1,
        cosine=0.31,
        threshold=0.5,
        filters=(Passed("price:10..", True, "shopper"), Passed("brand:Bolt", False, "words")),
    ),
    first_stage={"words": 0.25, "meaning": 0.125},
    second_stage=Reranked(
        1.0,
        1.75,
        0.61,
        (Part("offer: in stock", "", 1.0, 1.5), Part("phrase: density", "", 0.5, -0.75)),
    ),
    rules=(Ruled("r1", "Mugs first", "boost", factor=2.0),),
    position=3,
    total=1234,
    shown_as=None,
    score=0.61,
)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "120")
    print_explanation(FOUND, "Red\x1b[31m mug")
    return capsys.readouterr().out


def test_the_place_and_the_steps(printed: str) -> None:
    assert "stands at 3 of 1,234" in printed
    assert "spelling   rde → red" in printed


def test_why_it_is_found(printed: str) -> None:
    assert "✓ rde: in title, not as typed (counts 0.9)" in printed
    assert "✗ mug: not in this item" in printed
    assert "✗ xyzzy: no item has it" in printed
    assert "✓ 1 words held, 1 needed" in printed
    assert "✗ nearness in meaning 0.310, needed 0.5" in printed
    assert "✗ brand:Bolt (words)" in printed


def test_scores_and_their_parts(printed: str) -> None:
    assert "First stage  0.375" in printed
    assert "Second stage  1.750 (shown as 0.6100)" in printed
    lines = {line.strip().split("  ")[0]: line for line in printed.splitlines()}
    assert "+1.500" in lines["offer: in stock"]
    assert "-0.750" in lines["phrase: density"]
    longer = lines["offer: in stock"].count("█")
    assert longer > lines["phrase: density"].count("█") > 0
    assert "boost: Mugs first" in printed


def test_what_a_feed_says_does_not_steer_the_terminal(printed: str) -> None:
    assert "\x1b[31m" not in printed


def test_an_item_that_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    gone = replace(
        FOUND,
        membership=replace(FOUND.membership, found=False, shown=False),
        first_stage={},
        second_stage=None,
        position=None,
    )
    print_explanation(gone, "Oak lamp")
    out = capsys.readouterr().out
    assert "not shown" in out
    assert "Why it is not found" in out
    assert "stage" not in out

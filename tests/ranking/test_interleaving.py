import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.preference import credits_of, preference
from mercato.evaluation.experiments.sequential import look
from mercato.ranking.interleaving import BOTH, FIRST, SECOND, Interleaved, team_draft

rankings = st.lists(st.integers(0, 12), unique=True, max_size=8)


def test_by_hand() -> None:
    """Whoever begins, a and b are the first round, one of each; then c is what the second wants
    before d, and all that the first has left: it counts for neither."""
    seen = {team_draft("abc", "bcd", 4, seed) for seed in range(200)}
    assert seen == {
        Interleaved(("a", "b", "c", "d"), (FIRST, SECOND, BOTH, BOTH)),
        Interleaved(("b", "a", "c", "d"), (SECOND, FIRST, BOTH, BOTH)),
    }
    # A top that is the same is shown once, for both; the round after it is drawn.
    seen = {team_draft("xab", "xcd", 3, seed) for seed in range(200)}
    assert seen == {
        Interleaved(("x", "a", "c"), (BOTH, FIRST, SECOND)),
        Interleaved(("x", "c", "a"), (BOTH, SECOND, FIRST)),
    }


@given(rankings, rankings, st.integers(0, 10), st.integers(0, 1000))
def test_all_that_is_shown_is_the_next_of_its_ranking(first, second, n, seed) -> None:
    found = team_draft(first, second, n, seed)
    assert len(found.items) == len(set(found.items)) == min(n, len(set(first) | set(second)))
    for place, (item, team) in enumerate(zip(found.items, found.teams, strict=True)):
        above = found.items[:place]
        wants = [
            next((each for each in ranking if each not in above), None)
            for ranking in (first, second)
        ]
        assert item in (wants if team == BOTH else [wants[team]])


@given(rankings, rankings, st.integers(0, 10))
def test_no_side_is_ahead_where_places_are_clicked_whatever_stands_there(a, b, n) -> None:
    """Teams come in pairs, one of each; whose place is the higher one is drawn."""
    for seed in range(5):
        teams = [team for team in team_draft(a, b, n, seed).teams if team != BOTH]
        assert all(one != other for one, other in zip(teams[::2], teams[1::2], strict=False))
    if teams:
        begins = {next(t for t in team_draft(a, b, n, s).teams if t != BOTH) for s in range(40)}
        assert begins == {FIRST, SECOND}


def test_the_same_ranking_twice_counts_for_neither() -> None:
    assert team_draft("abcd", "abcd", 4, 0) == Interleaved(tuple("abcd"), (BOTH,) * 4)


def test_who_begins_is_drawn() -> None:
    begins = np.mean([team_draft("abcd", "efgh", 2, seed).teams[0] for seed in range(2000)])
    assert begins == pytest.approx(0.5, abs=0.045)
    assert {team_draft("abcd", "efgh", 4, seed).teams[:2] for seed in range(50)} == {
        (FIRST, SECOND),
        (SECOND, FIRST),
    }


def test_credit_goes_to_the_team_that_is_clicked_more() -> None:
    shown = Interleaved(("a", "b", "c", "d"), (FIRST, SECOND, SECOND, BOTH))
    clicks = ["", "a", "b", "ab", "bc", "abc", "z", "d", "ad"]
    assert [shown.credit(set(each)) for each in clicks] == [0, -1, 1, 0, 1, 1, 0, 0, -1]


def test_an_answer_is_a_vote_and_a_shopper_no_more_than_one() -> None:
    credit = np.array([1, 1, 0, -1, 1, 1])
    unit = np.array([5, 5, 5, 2, 2, 9])
    found = preference(credits_of(credit, unit))
    assert found.difference == pytest.approx(3 / 6)
    # Linearised: (sum of credits - .5 × answers) / 2 answers a shopper on average.
    left = np.array([0 - 0.5 * 2, 2 - 0.5 * 3, 1 - 0.5]) / 2
    assert found.variance == pytest.approx(left.var(ddof=1) / 3)
    with pytest.raises(BadInput, match="two shoppers"):
        credits_of(credit[:3], unit[:3])


def test_the_better_ranking_is_found() -> None:
    """Relevant items are clicked with .5, others with .1, half as many look at each next place."""
    random = np.random.default_rng(0)
    better, worse = list(range(10)), list(range(9, -1, -1))
    credit = []
    for seed in range(600):
        shown = team_draft(worse, better, 5, seed)
        chance = np.array([0.5 if item < 3 else 0.1 for item in shown.items]) * 0.5 ** np.arange(5)
        clicked = {item for item, p in zip(shown.items, chance, strict=True) if random.random() < p}
        credit.append(shown.credit(clicked))
    found = look(preference(credits_of(np.array(credit), np.arange(600))), planned_units=600)
    assert found.low > 0

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercato.core.errors import BadInput
from mercato.evaluation.experiments.preference import credits_of, preference
from mercato.evaluation.experiments.sequential import look
from mercato.ranking.interleaving import FIRST, SECOND, Interleaved, team_draft

rankings = st.lists(st.integers(0, 12), unique=True, max_size=8)


def test_by_hand() -> None:
    """Whoever begins takes a; then the other its best that is free, in either order."""
    seen = {team_draft("abc", "bcd", 3, seed) for seed in range(200)}
    assert seen == {
        Interleaved(("a", "b", "c"), (FIRST, SECOND, FIRST)),
        Interleaved(("a", "b", "c"), (FIRST, SECOND, SECOND)),
        Interleaved(("b", "a", "c"), (SECOND, FIRST, FIRST)),
        Interleaved(("b", "a", "c"), (SECOND, FIRST, SECOND)),
    }


@given(rankings, rankings, st.integers(0, 10), st.integers(0, 1000))
def test_a_draft_is_fair(first, second, n, seed) -> None:
    found = team_draft(first, second, n, seed)
    assert len(found.items) == min(n, len(set(first) | set(second)))
    assert len(set(found.items)) == len(found.items)
    for team, ranking in ((FIRST, first), (SECOND, second)):
        picked = [item for item, of in zip(found.items, found.teams, strict=True) if of == team]
        # In the order of the ranking, none skipped that was free.
        assert picked == [item for item in ranking if item in picked]
        if picked:
            before = ranking[: ranking.index(picked[-1])]
            assert set(before) <= set(found.items)
    # Nobody is more than one ahead while both still have items.
    both = min(len(set(first) - set(second)), len(set(second) - set(first)))
    teams = found.teams[: 2 * both]
    assert abs(teams.count(FIRST) - teams.count(SECOND)) <= 1


def test_the_same_ranking_twice_is_its_own_with_teams_by_coin() -> None:
    found = [team_draft("abcd", "abcd", 4, seed) for seed in range(2000)]
    assert all(each.items == tuple("abcd") for each in found)
    for place in range(4):
        share = np.mean([each.teams[place] for each in found])
        assert share == pytest.approx(0.5, abs=0.045)


def test_credit_goes_to_the_team_that_is_clicked_more() -> None:
    shown = Interleaved(("a", "b", "c"), (FIRST, SECOND, SECOND))
    clicks = ["", "a", "b", "ab", "bc", "abc", "z"]
    assert [shown.credit(set(each)) for each in clicks] == [0, -1, 1, 0, 1, 1, 0]


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

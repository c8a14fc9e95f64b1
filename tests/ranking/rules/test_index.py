"""Which rules hold: as going through all of them says, and without going through all of them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mercato.ranking.rules.conditions import Occasion
from mercato.ranking.rules.index import RuleIndex
from mercato.ranking.rules.patterns import units_of
from mercato.ranking.rules.rule import Rule, read_rule

WORDS = ("red", "shoes", "boots", "手机", "手机壳", "wd-40", "winter")
PATHS = ("Home", "Home > Kitchen", "home > kitchen > Cups", "Garden")
SEGMENTS = ("loyal", "new", "guest")

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "queries": st.lists(
            st.fixed_dictionaries(
                {"match": st.sampled_from(("exact", "contains", "starts_with")), "text": texts}
            ),
            min_size=1,
            max_size=2,
        ),
        "categories": st.lists(st.sampled_from(PATHS), min_size=1, max_size=2),
        "segments": st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=2),
        "ends_at": st.just("2026-01-01T00:00Z"),
    },
)
rules = st.lists(
    st.tuples(conditions, st.integers(-1, 1), st.booleans()), min_size=1, max_size=12
).map(lambda found: [rule_of(at, *each) for at, each in enumerate(found)])
occasions = st.builds(
    lambda query, categories, segments, now: Occasion(
        (units_of(query),) if query else (), tuple(categories), frozenset(segments), now
    ),
    texts | st.just(""),
    st.lists(st.sampled_from(PATHS), max_size=2),
    st.lists(st.sampled_from(SEGMENTS), max_size=2),
    st.sampled_from((1_700_000_000_000_000, 1_800_000_000_000_000)),
)


def rule_of(at: int, when: dict[str, Any], priority: int = 0, enabled: bool = True) -> Rule:
    return read_rule(
        {
            "id": f"r{at}",
            "priority": priority,
            "enabled": enabled,
            "conditions": when,
            "actions": [{"type": "hide", "items": ["x"]}],
        }
    )


@settings(deadline=None)
@given(rules, st.lists(occasions, min_size=1, max_size=4))
def test_rules_are_found_that_hold_one_by_one(made: list[Rule], asked: list[Occasion]) -> None:
    index = RuleIndex.of(made)
    for occasion in asked:
        by_hand = [each for each in made if each.enabled]
        by_hand = [each for each in by_hand if each.conditions.hold(occasion, index.zone)]
        by_hand.sort(key=lambda each: (-each.priority, each.id))
        assert list(index.holding(occasion)) == by_hand


def test_a_category_holds_for_what_is_below_it() -> None:
    index = RuleIndex.of([rule_of(0, {"categories": ["home > KITCHEN"]})])
    assert index.holding(Occasion(categories=("Home > Kitchen > Cups",)))
    assert not index.holding(Occasion(categories=("Home",)))
    assert not index.holding(Occasion(categories=("Home > Kitchenware",)))


def test_two_hundred_rules_are_not_gone_through() -> None:
    names = [f"product{at}" for at in range(50)]
    found = [
        *({"queries": [{"match": "exact", "text": f"red {name}"}]} for name in names),
        *({"queries": [{"match": "contains", "text": f"red {name}"}]} for name in names),
        *({"queries": [{"match": "starts_with", "text": f"red {name}"}]} for name in names),
        *({"categories": [f"Shop > {name}"]} for name in names[:25]),
        *({"segments": [name]} for name in names[25:]),
    ]
    index = RuleIndex.of([rule_of(at, each) for at, each in enumerate(found)])
    assert len(index) == 200
    occasion = Occasion((units_of("red product7"),), ("Shop > product7 > new",), frozenset({"x"}))
    looked_at = [index.rules[at].id for at in index.candidates(occasion)]
    assert looked_at == ["r107", "r157", "r57", "r7"]
    assert [rule.id for rule in index.holding(occasion)] == ["r107", "r157", "r57", "r7"]
    assert index.candidates(Occasion((units_of("red shoes in the rain"),))) == []

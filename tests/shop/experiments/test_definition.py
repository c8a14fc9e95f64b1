"""What an experiment may be, and what is said of one that may not."""

from typing import Any

import pytest

from mercato.core.errors import BadInput
from mercato.shop.experiments.definition import read_definition


def written(**changed: Any) -> dict[str, Any]:
    return {
        "name": "varied",
        "salt": "s",
        "goal": "conversion",
        "arms": [
            {"name": "control", "share": 0.5},
            {"name": "varied", "share": 0.5, "changes": {"variety": 0.4}},
        ],
    } | changed


def arms(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    share = 1 / len(changes)
    return [{"name": f"a{n}", "share": share, "changes": each} for n, each in enumerate(changes)]


def test_what_is_written_is_read_back() -> None:
    full = written(
        guardrails=[{"metric": "revenue", "margin": 0.05}],
        layer="shelves",
        begin=0.25,
        share=0.5,
        starts_at="2026-01-01T00:00:00Z",
        ends_at="2026-02-01T00:00:00Z",
        planned_units=4_000,
    )
    read = read_definition(full)
    assert read_definition(read.to_json()) == read
    assert read.to_json()["arms"][1]["changes"] == {"variety": 0.4}
    january = 1_767_225_600_000_000  # 2026-01-01T00:00Z
    assert [read.runs(january + n) for n in (-1, 0, 31 * 86_400_000_000)] == [False, True, False]


def test_a_share_of_no_place_changes_nothing_by_chance() -> None:
    """Every change is told from its absence, 0 too."""
    read = read_definition(written(arms=arms({}, {"new_items": 0, "most_per_group": 0})))
    assert read.arms[1].changes.changed == ("most_per_group", "new_items")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"name": "Wide Shelf"}, "'name' of the experiment as at most 63 small letters"),
        ({"goal": "happiness"}, "one of click-rate"),
        ({"goal": None}, "one of click-rate"),
        ({"colour": "red"}, "a known field"),
        ({"arms": arms({"variety": 0.3})}, "two or more arms"),
        ({"arms": arms({}, {})}, "an arm that changes something"),
        ({"arms": arms({}, {"variety": 1.5})}, "variety as a number from 0 to 1"),
        ({"arms": arms({}, {"variety": True})}, "variety as a number from 0 to 1"),
        ({"arms": arms({}, {"most_per_group": 1.0})}, "most_per_group as a whole number"),
        ({"arms": arms({}, {"search_ranker": "off"})}, "search_ranker as true or false"),
        ({"arms": arms({}, {"search_sort": "price"})}, "search_sort as field:asc"),
        ({"arms": arms({}, {"segments": []})}, "segments as a list of names"),
        ({"arms": arms({}, {"release": 0})}, "release as the number of a release"),
        ({"arms": arms({}, {"blink": True})}, "a change out of release"),
        ({"arms": arms({}, {"order": "lin-ucb"})}, "order in a bandit"),
        ({"arms": [*arms({}, {"variety": 0.3}), *arms({})]}, "each arm once"),
        ({"arms": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.4}]}, "that make 1"),
        ({"begin": 0.7, "share": 0.5}, "a range within 0 to 1"),
        ({"share": 2}, "'share' of the experiment from 0 to 1"),
        ({"guardrails": [{"metric": "conversion"}]}, "each metric once"),
        ({"planned_units": 10}, "a whole number from 100"),
        ({"ends_at": "2026-01-01", "starts_at": "2026-01-02"}, "ends_at after starts_at"),
        ({"kind": "interleaving"}, "no goal and no guardrails of an interleaving"),
        (
            {"kind": "interleaving", "goal": "click-rate"},
            "rankings that differ in search_ranker or semantic_weight",
        ),
        (
            {"kind": "interleaving", "goal": "click-rate", "arms": arms({}, {}, {"variety": 0})},
            "two arms to interleave",
        ),
        ({"kind": "bandit"}, "the placement that a bandit orders"),
        ({"kind": "bandit", "placement": "home"}, "variants with order alone"),
    ],
)
def test_what_does_not_fit_is_said(changed: dict[str, Any], found: str) -> None:
    with pytest.raises(BadInput) as error:
        read_definition(written(**changed))
    assert found in error.value.expected

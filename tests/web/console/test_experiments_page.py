"""Experiments are begun, read, widened and ended on their page, and each step is on record."""

import pytest

from mercato.shop.experiments.keeping import delete_experiment, experiment, stop_experiment
from mercato.shop.rules import By
from mercato.state.experiments import StoredReading

BY = By("me", "test")
FORM = {
    "name": "more-variety",
    "description": "Do mixed shelves sell more?",
    "change": "variety",
    "value": "0.4",
    "goal": "conversion",
    "share": "20",
    "planned": "5000",
}


def metric(name, control, difference, low, high):
    numbers = {"control": control, "variant": control + difference, "difference": difference}
    return {"metric": name, **numbers, "low": low, "high": high, "p_value": 0.01, "explained": 0.0}


READING = {
    "experiment": "more-variety",
    "looked_at": "2026-03-02T10:00:00Z",
    "units": {"control": 2000, "variant": 2010},
    "mismatch": False,
    "variants": [
        {
            "arm": "variant",
            "verdict": "ship",
            "reason": "conversion is better",
            "metrics": [
                metric("conversion", 0.10, 0.015, 0.006, 0.024),
                metric("empty-searches", 0.05, 0.005, 0.001, 0.009),
                metric("revenue", 0.0, 1.0, None, None),
            ],
        }
    ],
    "segments": [
        {"arm": "variant", "by": by, "segment": name, "units": [900, 910], "metric": told}
        for by, name, told in (
            ("shopper", "new", metric("conversion", 0.10, 0.03, 0.015, 0.045)),
            ("shopper", "known", metric("conversion", 0.10, -0.02, -0.03, -0.01)),
            ("channel", "kiosk <b>", metric("conversion", 0.10, 0.01, -0.02, 0.04)),
            ("channel", None, metric("conversion", 0.10, 0.5, None, None)),
        )
    ],
}


@pytest.fixture
def begun(merchant, shop):
    answer = merchant.post("/console/experiments/begin", data=FORM)
    assert "Begun" in answer.text
    shop.state.readings.put(StoredReading("more-variety", 1, READING))
    yield experiment(shop.state, "more-variety")
    if experiment(shop.state, "more-variety").status == "running":
        stop_experiment(shop.state, "more-variety", "test", BY)
    delete_experiment(shop.state, "more-variety", BY)
    shop.refresh()


def shown(merchant):
    return merchant.get("/console/experiments.json?name=more-variety").json()["shown"]


def test_an_experiment_is_read_as_it_was_looked_at(merchant, begun):
    assert begun.arms[1].changes.variety == 0.4
    assert (begun.share, begun.planned_units) == (0.2, 5000)
    (read,) = shown(merchant)["read"]
    assert (read["verdict"], read["changes"]) == ("ship", "variety = 0.4")
    conversion, empty, revenue = read["effects"]
    assert (conversion["is_goal"], conversion["sure"]) == (True, "better")
    # +6% to +24% of the control, on a scale that ends at 30%.
    assert (conversion["left"], conversion["right"]) == pytest.approx((20.0, 80.0))
    assert conversion["middle"] == pytest.approx(50.0)
    assert empty["sure"] == "worse"  # more searches without results are no gain
    assert revenue["sure"] == ""
    page = merchant.get("/console/experiments?name=more-variety").text
    assert "Better: ship it" in page
    assert "too little is known" in page


def test_segments_stand_beside_the_arms(merchant, begun):
    (read,) = shown(merchant)["read"]
    assert read["verdict"] == "ship"
    told = [(each["by"], each["segment"], each["effect"]["sure"]) for each in read["segments"]]
    assert told == [
        ("shopper", "new", "better"),
        ("shopper", "known", "worse"),
        ("channel", "kiosk <b>", ""),
        ("channel", None, ""),
    ]
    assert read["segments"][0]["units"] == [900, 910]
    # +15% to +45% of the control, on a scale that ends at 30%.
    effect = read["segments"][0]["effect"]
    assert (effect["left"], effect["right"]) == pytest.approx((50.0, 100.0))
    page = merchant.get("/console/experiments?name=more-variety").text
    assert "Segments are for questions, not for verdicts" in page
    assert "all others" in page and "kiosk &lt;b&gt;" in page
    chinese = merchant.get("/console/experiments?name=more-variety&lang=zh").text
    assert "分群用来提出问题，不用来下结论" in chinese
    merchant.get("/console/experiments?lang=en")


def test_a_reading_from_before_segments_is_shown(merchant, begun, shop):
    older = {name: told for name, told in READING.items() if name != "segments"}
    shop.state.readings.put(StoredReading("more-variety", 2, older))
    assert shown(merchant)["read"][0]["segments"] == []
    page = merchant.get("/console/experiments?name=more-variety").text
    assert "Segments are for questions" not in page


def test_each_step_is_on_record(merchant, begun, shop):
    revision = shown(merchant)["revision"]
    wider = {"name": begun.name, "share": "50", "revision": revision}
    merchant.post("/console/experiments/widen", data=wider)
    assert shown(merchant)["share"] == 0.5
    # What rests on what is not so any more is refused.
    assert merchant.post("/console/experiments/widen", data=wider).status_code == 412
    end = {"name": begun.name, "how": "end", "reason": "It won."}
    merchant.post("/console/experiments/end", data=end)
    told = shown(merchant)
    assert (told["status"], told["reason"]) == ("ended", "It won.")
    assert [each["by"] for each in told["decided"][-3:]] == ["ana"] * 3
    assert "share: 0.5" in told["decided"][-2]["what"]
    assert merchant.post("/console/experiments/end", data=end).status_code == 409


def test_only_analysts_change_them(viewer, begun):
    assert "Break it off" not in viewer.get("/console/experiments").text
    assert viewer.post("/console/experiments/end", data={"name": begun.name}).status_code == 403


@pytest.mark.parametrize("asked", ["effect=none", "effect=0", "effect=5&share=101", "goal=fame"])
def test_what_cannot_be_planned_is_refused(merchant, asked):
    assert merchant.get(f"/console/experiments?{asked}").status_code == 400


def test_a_plan_fills_the_form_that_begins_it_and_is_made_of_sums(merchant, saying):
    """2,800 shoppers in 28 days, each paid 10 with a deviation of 30: whatever the log says."""
    baseline = {"outcome": "revenue", "shoppers": 2_800, "numerator_mean": 10.0,
                "denominator_mean": 1.0, "numerator_variance": 900.0,
                "denominator_variance": 0.0, "covariance": 0.0}  # fmt: skip
    asked = "/console/experiments{}?goal=revenue&effect=10&share=50"
    with saying({"outcome_baselines": [baseline]}):
        needed = merchant.get(asked.format(".json")).json()["draft"]["needed"]
        page = merchant.get(asked.format("")).text
        half = asked.format(".json").replace("=10", "=5")
        smaller = merchant.get(half).json()["draft"]["needed"]
    assert (needed["value"], needed["a_day"]) == (10.0, 100.0)
    # 4 × (30 / 1)² × (1.96 + .84)² = 28,256 for one look; 28 looks cost .4 to .8 more.
    assert 1.4 * 28_256 < needed["units"] < 1.8 * 28_256
    assert needed["days"] == pytest.approx(needed["units"] / 50)
    assert f'name="planned" type="number" min="100" value="{needed["units"]}"' in page
    # Four times as many find half the change.
    assert smaller["units"] == pytest.approx(4 * needed["units"], abs=4)


def test_without_sums_nothing_is_planned(merchant):
    page = merchant.get("/console/experiments?goal=revenue&effect=10&share=50").text
    assert "the newest weeks summed up" in page

"""The audience's page shows what assets say; one shopper is a pseudonym, each look on record."""

from datetime import UTC, date, datetime

import pytest

from mercato.data.auditing import mask_of

JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))


def cohort(month, months, shoppers):
    return {"cohort": month, "months": months, "shoppers": shoppers, "orders": shoppers,
            "revenue": 2.0 * shoppers}  # fmt: skip


ROWS = {
    "cohorts": [cohort(JAN, 0, 10), cohort(JAN, 1, 4), cohort(FEB, 0, 5), cohort(MAR, 0, 1)],
    "daily_funnel": [
        {"day": date(2026, 3, 1), "came": 100, "looked": 50, "carted": 20, "bought": 10},
        {"day": date(2026, 3, 2), "came": 50, "looked": 50, "carted": 0, "bought": 0},
        {"day": date(2026, 2, 1), "came": 30, "looked": 20, "carted": 10, "bought": 5},
    ],
    "users": [
        {"shopper_id": str(n), "segment": "loyal" if n < 4 else "lost", "stage": "active",
         "tags": [], "revenue": 10.0, "orders": n, "as_of": datetime(2026, 3, 2, tzinfo=UTC)}
        for n in range(1, 5)
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def described(saying):
    with saying(ROWS):
        yield


def test_segments_cohorts_and_the_funnel(merchant, described):
    page = merchant.get("/console/audience.json").json()
    assert (page["shoppers"], page["as_of"][:10]) == (4, "2026-03-02")
    assert [(each["name"], each["shoppers"], each["paid"]) for each in page["segments"]] == [
        ("loyal", 3, 0.75),
        ("lost", 1, 0.25),
    ]
    january, february, march = page["cohorts"]
    # The log ends in March, which is not over: of January's months only February counts.
    assert january["kept"][:3] == [pytest.approx(0.4), None, None]
    assert february["kept"][0] is None
    assert (march["shoppers"], january["revenue"]) == (1, 28.0)
    steps = {each["name"]: (each["shoppers"], each["before"]) for each in page["funnel"]}
    assert steps == {"came": (150, 30), "looked": (100, 20), "carted": (20, 10), "bought": (10, 5)}
    shown = merchant.get("/console/audience", headers={"accept-language": "zh"}).text
    assert "买得勤、买得多" in shown
    assert "66.7%" in shown  # 100 of 150 looked
    assert "Bought" in merchant.get("/console/audience.svg?figure=funnel").text


def test_one_shopper_is_a_pseudonym_and_the_look_is_on_record(merchant, shop, described):
    # Whom no other test shops as.
    shopper = shop.live.histories.shopper_ids[7].as_py()
    answer = merchant.get("/console/audience/shopper.json", params={"user_id": shopper})
    page = answer.json()
    pseudonym = mask_of(shop.state).pseudonym(shopper)
    assert page["pseudonym"] == pseudonym
    known = shop.live.histories.of(shopper)
    assert page["of"] == len(known.item)
    newest = page["days"][0][1][0]
    assert newest["at"] == datetime.fromtimestamp(known.ts.max() / 1e6, UTC).isoformat()
    assert newest["event"] == "purchase"
    looks = [each for each in shop.state.audit.since(0) if each.subject == pseudonym]
    assert (looks[-1].actor, looks[-1].asset) == ("ana", "histories")
    nobody = merchant.get("/console/audience/shopper?user_id=nobody-at-all").text
    assert "Nothing is known of this shopper." in nobody


def test_whoever_only_looks_sees_no_shopper(viewer, described):
    assert viewer.get("/console/audience/shopper?user_id=1").status_code == 403
    assert viewer.get("/console/audience.json").json()["may_see_one"] is False
    assert "/console/audience/shopper" not in viewer.get("/console/audience").text

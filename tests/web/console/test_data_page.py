"""Assets with what they are made of, and erasures with their receipts."""

from mercato.data.assets import ASSETS
from mercato.web.console.lineage import drawn

FEED = {"items": (), "events": (), "flags": ("events",), "sums": ("events", "flags"), "other": ()}


def test_what_is_made_stands_to_the_right_of_what_it_is_made_of():
    found = drawn(FEED, "flags")
    at = {box.name: (box.x, box.y) for box in found.boxes}
    assert at["items"][0] == at["events"][0] == 0
    assert at["events"][0] < at["flags"][0] < at["sums"][0]
    assert len(set(at.values())) == len(FEED)
    near = {box.name for box in found.boxes if box.near}
    assert near == {"events", "flags", "sums"}
    # events → flags, events → sums, flags → sums
    assert [edge.near for edge in found.edges] == [True, True, True]


def test_every_asset_stands_on_the_page(merchant):
    page = merchant.get("/console/data.json", params={"asset": "events"}).json()
    assert [line["name"] for line in page["lines"]] == list(ASSETS)
    events = next(line for line in page["lines"] if line["name"] == "events")
    assert events["rows"] > 1_000
    assert events["version"] is not None
    assert page["shown"]["versions"][-1]["made_by"] == "import"
    masks = {column["name"]: column["mask"] for column in page["shown"]["columns"]}
    assert (masks["user_id"], masks["search_term"], masks["item_id"]) == (
        "pseudonym",
        "dropped",
        "",
    )
    assert merchant.get("/console/data?asset=nothing").status_code == 404


def test_an_erasure_has_its_receipt(owner):
    form = {"shopper_id": "nobody-at-all", "now": "1"}
    answer = owner.post("/console/privacy/erase", data=form)
    assert "No answer knows the shopper any more" in answer.text
    page = owner.get("/console/privacy.json").json()
    told = page["receipts"][0]
    assert told["by"] == "eve"
    assert told["seal"]
    assert told["seal"] in answer.text
    assert "nobody-at-all" not in answer.text
    looks = owner.get("/console/privacy.json", params={"whose": told["pseudonym"]}).json()
    assert looks["looks"]
    assert {each["subject"] for each in looks["looks"]} == {told["pseudonym"]}


def test_privacy_is_for_those_who_may_audit(viewer):
    assert viewer.get("/console/privacy").status_code == 403
    assert "/console/privacy" not in viewer.get("/console/gallery").text.split("<main")[0]

"""What a new merchant tries first, in a browser, by what docs/console.md says of it: has an
experiment won, back to the release before, a shopper erased. Why a product is not shown, and
pinning it, walks test_console.py."""

import json
import shutil

import pytest
from playwright.sync_api import expect

from mercato.core.paths import ShopPaths
from mercato.core.roles import Role
from mercato.data.releases import MANIFEST, ReleaseStore, link_tree
from mercato.shop.people import add_person
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.experiments import StoredReading

PASSWORD = "correct horse battery"
NAME = "more-variety"

READING = {
    "experiment": NAME,
    "looked_at": "2026-03-02T10:00:00Z",
    "units": {"control": 2000, "variant": 2010},
    "mismatch": False,
    "variants": [
        {
            "arm": "variant",
            "verdict": "ship",
            "reason": "conversion is better",
            "metrics": [
                {
                    "metric": "conversion",
                    "control": 0.100,
                    "variant": 0.115,
                    "difference": 0.015,
                    "low": 0.006,
                    "high": 0.024,
                    "p_value": 0.01,
                    "explained": 0.0,
                }
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def folder(supermarket, tmp_path_factory):
    """A shop that nobody else asks, with a second release like the first: an erasure stays open,
    and refuses releases."""
    folder = tmp_path_factory.mktemp("merchant") / "supermarket"
    shutil.copytree(supermarket, folder)
    releases = ReleaseStore(ShopPaths(folder).releases)
    first = releases.require_current()
    link_tree(releases.folder(first), releases.folder(first + 1), leave=MANIFEST)
    manifest = json.loads((releases.folder(first) / MANIFEST).read_text())
    (releases.folder(first + 1) / MANIFEST).write_text(json.dumps(manifest))
    state = State.open("sqlite:///state.db", folder)
    add_person(state, "browser", Role.OWNER, By("me@host", "people"), PASSWORD)
    state.close()
    return folder


@pytest.fixture(scope="module")
def page(folder, browser, serve_shop):
    """The console of an owner who has just signed in; every question is answered with yes."""
    with serve_shop(folder) as address:
        context = browser.new_context(base_url=address, locale="en-GB")
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto("/console/today")
        page.get_by_label("Name").fill("browser")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        yield page
        context.close()


def said(page):
    return page.get_by_role("status").first


def test_whether_an_experiment_won(page, folder):
    page.goto("/console/experiments")
    new = page.locator("form[action='/console/experiments/begin']")
    new.locator("#name").fill(NAME)
    new.get_by_label("What changes").select_option("variety")
    new.get_by_label("to", exact=True).fill("0.4")
    new.get_by_role("button", name="Begin").click()
    expect(said(page)).to_have_text("Begun: shoppers are assigned from now on.")
    state = State.open("sqlite:///state.db", folder)
    state.readings.put(StoredReading(NAME, 1, READING))
    state.close()
    page.goto(f"/console/experiments?name={NAME}")
    expect(page.get_by_text("Better: ship it").last).to_be_visible()
    expect(page.locator("svg.interval.better")).to_have_count(1)
    page.get_by_label("Why it is over").fill("It sold more.")
    page.get_by_role("button", name="End it").click()
    expect(page.locator(".said", has_text="It sold more.")).to_be_visible()


def test_back_to_the_release_before(page):
    page.goto("/console/releases")
    live = page.locator("tr", has=page.get_by_text("live", exact=True)).get_by_role("rowheader")
    before = live.inner_text()
    page.get_by_role("button", name="Publish").first.click()
    expect(live).not_to_have_text(before)
    page.get_by_role("button", name=f"Roll back to {before}").click()
    expect(said(page)).to_have_text("Rolled back: servers take it up at once.")
    expect(live).to_have_text(before)


def test_a_shopper_is_erased(page):
    page.goto("/shopper")
    somebody = page.locator(".people input[name=user_id]").nth(1).get_attribute("value")
    page.goto("/console/privacy")
    page.get_by_label("Id of the user").fill(somebody)
    page.get_by_role("button", name="Erase").click()
    expect(said(page)).to_contain_text("No answer knows the shopper any more")
    receipt = page.locator("details[open]").filter(has_text="Pseudonym").first
    expect(receipt.locator("tbody tr").first).to_be_visible()
    page.goto(f"/console/audience/shopper?user_id={somebody}")
    expect(page.locator(".moments .tag")).to_have_count(0)

"""The console as a merchant uses it: in a browser, with the script and without, large and small.

With MERCATO_SCREENSHOTS=1 the pages that docs/console.md shows are photographed into
docs/screenshots; where it names the folder of a shop that is built, they are that shop's.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mercato.core.roles import Role
from mercato.data.releases import ReleaseStore
from mercato.shop.experiments.keeping import create_experiment, end_experiment
from mercato.shop.people import add_person
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.experiments import StoredReading
from mercato.web.console.registry import ENTRIES

PHOTOGRAPHED = bool(os.environ.get("MERCATO_SCREENSHOTS"))
DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "screenshots"
SHOWN = (DOCS / "console.md").read_text(encoding="utf-8")
PASSWORD = "correct horse battery"
BANANAS = "1082185"

PAGES = {entry.name: f"{entry.path}?{entry.example}" for entry in ENTRIES}
PICTURED = PAGES | {"why": f"/console/search/why?q=milk&item={BANANAS}"}
LARGE = {"viewport": {"width": 1280, "height": 900}}
SMALL = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK, CHINESE = {"color_scheme": "dark"}, {"locale": "zh-CN"}


@pytest.fixture(scope="session")
def session(served, browser, tmp_path_factory):
    """The cookies of an owner who signed in."""
    address, folder = served
    state = State.open("sqlite:///state.db", folder)
    add_person(state, "browser", Role.OWNER, By("me@host", "people"), PASSWORD)
    state.close()
    kept = tmp_path_factory.mktemp("session") / "state.json"
    context = browser.new_context(base_url=address, locale="en-GB")
    page = context.new_page()
    page.goto("/console/search?q=milk")
    page.get_by_label("Name").fill("browser")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # The sign-in leads on to what was asked for.
    expect(page.get_by_role("heading", level=1)).to_have_text("Search lab")
    context.storage_state(path=kept)
    context.close()
    return kept


def _told(control, difference, half):
    ends = {"low": difference - half, "high": difference + half}
    numbers = {"control": control, "variant": control + difference, "difference": difference}
    return {"metric": "conversion", **numbers, **ends, "p_value": 0.01, "explained": 0.0}


@pytest.fixture(scope="session")
def concluded(served):
    """An experiment that lost in all and won among new shoppers, and is over."""
    folder = served[1]
    arms = [
        {"name": "control", "share": 0.5},
        {"name": "variant", "share": 0.5, "changes": {"variety": 0.4}},
    ]
    document = {"name": "more-variety", "goal": "conversion", "share": 0.2, "arms": arms}
    document["description"] = "Do mixed shelves sell more?"
    variant = {"arm": "variant", "verdict": "stop", "reason": "conversion is worse"}
    parts = (
        ("shopper", "known", [1500, 1490], _told(0.12, -0.03, 0.02)),
        ("shopper", "new", [500, 520], _told(0.04, 0.02, 0.015)),
        ("channel", "web", [900, 910], _told(0.1, -0.01, 0.02)),
        ("channel", None, [40, 30], _told(0.1, 0.05, 0.0) | {"low": None, "high": None}),
    )
    reading = {
        "looked_at": "2026-03-02T10:00:00Z",
        "units": {"control": 2000, "variant": 2010},
        "mismatch": False,
        "variants": [variant | {"metrics": [_told(0.1, -0.0175, 0.01)]}],
        "segments": [
            {"arm": "variant", "by": by, "segment": name, "units": units, "metric": metric}
            for by, name, units, metric in parts
        ],
    }
    by = By("me@host", "experiments")
    state = State.open("sqlite:///state.db", folder)
    try:
        create_experiment(state, ReleaseStore(folder / "releases"), document, by)
        end_experiment(state, "more-variety", "It lost.", by)
        state.readings.put(StoredReading("more-variety", 1, reading))
    finally:
        state.close()


@pytest.fixture
def console(visit, session):
    def opened(path, **options):
        return visit(path, storage_state=session, **options)

    return opened


def test_results_are_judged_by_single_keys(console):
    page = console("/console/search?q=cheese")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator(".result").first
    expect(first).to_be_focused()
    page.keyboard.press("3")
    expect(page.locator("[data-notice]")).to_have_text("Grade kept.")
    expect(first.get_by_role("button", name="Just what was meant")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".result").nth(1)).to_be_focused()
    page.reload()
    expect(first.get_by_role("button", name="Just what was meant")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_product_that_is_missing_is_found_without_scripts(console):
    page = console("/console/search", java_script_enabled=False, **CHINESE)
    page.get_by_label("搜索词").fill("zzgelb")
    page.get_by_role("button", name="搜索").click()
    page.get_by_label("“zzgelb”应当出现的商品").fill(BANANAS)
    page.get_by_role("button", name="查明原因").click()
    expect(page.locator(".verdict")).to_contain_text("未找到它")
    page.get_by_role("button", name="为“zzgelb”置顶").click()
    expect(page.get_by_role("status").first).to_have_text("已置顶：规则已生效。")
    expect(page.locator(".verdict")).to_contain_text("第 1 位")
    page.goto("/search?q=zzgelb")
    assert BANANAS in page.locator(".card .open").first.get_attribute("href")


def test_a_session_is_built_by_clicking(console):
    page = console("/console/shelves")
    title = page.locator(".result .named a").first.inner_text()
    page.locator(".look").first.click()
    expect(page.locator(".chips .tag").filter(has_text=title)).to_be_visible()
    page.get_by_role("link", name="Forget the session").click()
    expect(page.get_by_role("link", name="Forget the session")).to_have_count(0)


def test_a_key_is_made_and_ended_and_a_shopper_looked_at(console):
    page = console("/console/settings", permissions=["clipboard-read", "clipboard-write"], **SMALL)
    page.get_by_label("Whose key it is").fill("website")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator(".said code").inner_text()
    expect(page.locator("#snippet-ga4")).to_contain_text(key)
    page.locator("[data-copy]").first.click()
    expect(page.locator("[data-notice]")).to_have_text("Copied.")
    assert key in page.evaluate("navigator.clipboard.readText()")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("status").first).to_have_text("The key opens no more.")
    page.goto("/shopper")
    somebody = page.locator(".people input[name=user_id]").nth(1).get_attribute("value")
    page.goto("/console/audience")
    page.get_by_label("Look at one shopper").fill(somebody)
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("p-")
    expect(page.locator(".moments .tag").filter(has_text="bought").first).to_be_visible()


def test_the_menu_folds_on_a_phone(console):
    page = console("/console/gallery", **SMALL)
    today = page.locator(".menu a", has_text="Today")
    expect(today).to_be_hidden()
    page.locator("summary", has_text="Menu").click()
    today.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    page.wait_for_load_state("networkidle")  # its chart may still be drawn


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everybody(console, concluded, name):
    """Nothing that axe finds, nothing wider than a phone, nothing too small to touch."""
    page = console(PAGES[name], **SMALL, **DARK, **CHINESE)
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["viewport"]["width"]
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_large_and_light_page_is_too(console):
    results = Axe().run(console(PAGES["search"]))
    assert results.violations_count == 0, results.generate_report()


SHOTS = tuple(
    (f"console-{name}{ending}", path, options)
    for name, path in PICTURED.items()
    for ending, options in (("", LARGE), ("-phone", SMALL | CHINESE | DARK))
    if f"screenshots/console-{name}{ending}.png" in SHOWN
)


@pytest.mark.parametrize(("name", "path", "options"), SHOTS if PHOTOGRAPHED else SHOTS[:1])
def test_photographs(console, concluded, tmp_path, name, path, options):
    page = console(path, **options)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=(FOLDER if PHOTOGRAPHED else tmp_path) / f"{name}.png")

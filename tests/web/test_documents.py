"""docs/storefront.md names every page and form, and every picture that it shows exists."""

import re
from pathlib import Path

from mercato.core.columns import Event
from mercato.web.app import FORMS, PAGES
from mercato.web.links import FACETS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "storefront.md").read_text(encoding="utf-8")


def test_every_page_and_form_is_documented():
    for path in PAGES:
        assert f"| `{path.replace(':path', '')}` |" in TEXT
    for path in FORMS:
        assert f"`POST {path}`" in TEXT
    for name in FACETS:
        assert f"`{name}`" in TEXT


def test_events_go_by_their_names():
    table = TEXT.split("## Forms and events")[1].split("Cookies:")[0]
    named = {name for name in re.findall(r"`(\w+)`", table) if "_" in name or name == "purchase"}
    fields = {"item_id", "query_id", "user_id", "visitor_id"}
    assert named - fields <= set(map(str, Event))


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (DOCS / target).exists(), target
    taken = {file.name for file in (DOCS / "screenshots").glob("*.png")}
    assert {Path(target).name for target in re.findall(r"\(screenshots/([^)]+)\)", TEXT)} <= taken

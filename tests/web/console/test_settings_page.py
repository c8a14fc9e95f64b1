"""Keys are made, changed and ended on the settings' page; what front ends paste names this shop."""

import re

from mercato.shop.key_book import read_key_book


def text_of(answer):
    """The key that a page tells, once."""
    (found,) = set(re.findall(r'<code class="whole">(mk_\w+?_[\w-]+)</code>', answer.text))
    return found


def keys(merchant):
    return {each["name"]: each for each in merchant.get("/console/settings.json").json()["keys"]}


def test_a_key_opens_stands_in_what_is_pasted_and_ends(merchant, shop):
    form = {"name": "website", "events": "1", "rate": "20"}
    answer = merchant.post("/console/settings/make-key", data=form)
    assert answer.status_code == 201
    text = text_of(answer)
    assert f"http://testserver/mercato.js&#34; data-key=&#34;{text}&#34; data-ga4" in answer.text
    # It is no key for searching, so a search's code does not name it.
    assert "Bearer mk_…" in answer.text
    book = read_key_book(shop.state)
    assert book.find(text, now=0).name == "website"
    shown = keys(merchant)["website"]
    assert (shown["scopes"], shown["rate"], shown["ends"]) == (["events"], 20.0, [""])
    assert text not in merchant.get("/console/settings").text

    changed = text_of(merchant.post("/console/settings/change-key", data={"id": shown["id"]}))
    assert changed != text
    assert [bool(end) for end in keys(merchant)["website"]["ends"]] == [False, True]
    ended = merchant.post("/console/settings/end-key", data={"id": shown["id"]})
    assert "The key opens no more." in ended.text
    assert keys(merchant) == {}
    assert read_key_book(shop.state).find(changed, now=0) is None
    assert {each.actor for each in shop.state.decisions.since() if each.kind == "key"} == {"ana"}


def test_whoever_only_looks_sees_no_key(viewer):
    page = viewer.get("/console/settings.json").json()
    assert page["keys"] is None
    roles = dict(page["roles"])
    # Owners alone manage; see docs/access.md.
    assert roles["manage"] == [False, False, False, True]


def test_a_key_for_nothing_is_refused(merchant):
    assert merchant.post("/console/settings/make-key", data={"name": "x"}).status_code == 400
    form = {"name": "x", "search": "1", "rate": "many"}
    assert merchant.post("/console/settings/make-key", data=form).status_code == 400

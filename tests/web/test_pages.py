"""What every page keeps: found by enumerating, so that a new page is held to it too."""

import re
from html.parser import HTMLParser

import pytest

from mercato.web.app import PAGES
from mercato.web.languages import CODES
from mercato.web.rendering import STATIC, asset

MOST_BYTES = 150_000
"""Of a page with its stylesheet, script and drawings, before compression."""

ORDER = "0123456789abcdef" * 2

ADDRESSES = {
    "/": "/",
    "/search": "/search?q=milk",
    "/browse": "/browse?category=Grocery",
    "/item/{item_id:path}": "/item/1082185",
    "/basket": "/basket",
    "/thanks": f"/thanks?order={ORDER}",
    "/compare": "/compare",
    "/personal": "/personal",
    "/shopper": "/shopper",
}
MORE = ("/browse", "/search", "/search?q=zzzzqqqq", "/search?q=milk&per_page=96", "/nowhere")
EVERY = (*ADDRESSES.values(), *MORE)


def test_every_page_is_tested():
    assert ADDRESSES.keys() == PAGES.keys() - {"/suggest", "/banner/{banner_id}"}


class Outline(HTMLParser):
    """What of a page can be said without looking at it."""

    VOID = ("meta", "link", "input", "img", "path", "circle", "ellipse", "use", "br")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(params=EVERY)
def page(request, client):
    client.post("/basket/add", data={"item_id": "1082185", "quantity": "2"})
    client.post("/compare/add", data={"item_id": "1082185"})
    return client.get(request.param)


def test_pages_are_well_formed_and_have_their_landmarks(page):
    outline = Outline(page.text)
    (html,) = outline.all("html")
    assert html["lang"] == "en"
    for landmark in ("header", "main", "footer", "h1", "title"):
        assert len(outline.all(landmark)) == 1, landmark
    names = [each.get("aria-label") for each in outline.all("nav")]
    assert all(names)
    assert len(names) == len(set(names))
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attribute in ("aria-labelledby", "for", "aria-describedby", "aria-controls"):
        named = {attributes[attribute] for _, attributes in outline.tags if attribute in attributes}
        assert named <= set(ids)


def test_everything_to_fill_in_or_press_has_a_name(page):
    outline = Outline(page.text)
    labelled = {each.get("for") for each in outline.all("label")}
    wrapped = set(re.findall(r"<label>[^<]+<input name=\"(\w+)\"", page.text))
    for field in outline.all("input", "select"):
        named = field.get("id") in labelled or field.get("name") in wrapped
        assert field.get("type") == "hidden" or named, field
    for button in re.findall(r"<button([^>]*)>(.*?)</button>", page.text, re.S):
        assert "aria-label" in button[0] or re.sub(r"<[^>]*>|\s", "", button[1]), button
    assert all("alt" in image for image in outline.all("img"))


def test_pages_run_no_script_but_ours_and_carry_no_style(page):
    outline = Outline(page.text)
    assert [each["src"].split("?")[0] for each in outline.all("script")] == [
        "/static/storefront.js"
    ]
    assert outline.all("style") == []
    for _, attributes in outline.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"


def test_pages_are_light(page):
    assert len(page.content) + sum(len(asset(name).content) for name in STATIC) <= MOST_BYTES


def test_links_lead_to_pages_that_answer(page, client):
    links = {each["href"] for each in Outline(page.text).all("a")} - {"#content"}
    links -= {each for each in links if "lang=" in each}  # this page, which may say an error
    assert all(link.startswith("/") for link in links)
    for link in sorted(links)[::7]:
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("path", [path for path in ADDRESSES.values() if path != "/"])
def test_every_page_has_a_json_twin(client, path):
    plain, _, query = path.partition("?")
    answer = client.get(f"{plain}.json?{query}")
    assert answer.headers["content-type"] == "application/json"
    assert f'href="{plain}.json' in client.get(path).text
    # A twin is the page's context: nothing is in it that the page does not know.
    assert answer.json()


def test_what_a_crawler_looks_at_is_marked(client, events_of):
    client.get("/item/1082185")
    client.get("/item/1082185", headers={"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"})
    marked = ['"bot":"true"' in (row.attributes or "") for row in events_of(client)]
    assert marked == [False] * (len(marked) // 2) + [True] * (len(marked) // 2)


def test_twins_record_nothing(client, events_of):
    client.get("/item/1082185")
    before = len(events_of(client))
    client.get("/item/1082185.json")
    client.get("/search.json?q=milk")
    assert len(events_of(client)) == before


@pytest.mark.parametrize("code", CODES)
def test_pages_speak_the_language_asked_for_and_remember_it(client, code):
    answer = client.get(f"/?lang={code}")
    assert answer.headers["content-language"] == code
    assert f'<html lang="{code}">' in answer.text
    assert client.get("/basket").headers["content-language"] == code
    links = re.findall(r'href="([^"]*)" hreflang="(\w+)"', answer.text)
    assert links == [(f"/?lang={other}", other) for other in CODES if other != code]


def test_the_browser_chooses_a_language_that_is_not_remembered(client):
    assert client.get("/", headers={"accept-language": "zh-CN"}).headers["vary"]
    assert "mercato_lang" not in client.cookies
    assert client.get("/").headers["content-language"] == "en"


def test_files_are_kept_by_their_version(client):
    address = re.search(r'href="(/static/storefront.css\?v=\w+)"', client.get("/").text)[1]
    first = client.get(address)
    assert first.headers["content-type"].startswith("text/css")
    assert "immutable" in first.headers["cache-control"]
    again = client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/static/app.py").status_code == 404


def test_answers_are_compressed(client):
    assert client.get("/").headers["content-encoding"] == "gzip"

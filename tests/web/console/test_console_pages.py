"""What every page of the console keeps: found by enumerating, so that a new page is held to it."""

import re

import pytest

from mercato.core.roles import Role, may
from mercato.web.console.registry import ENTRIES, FORMS
from mercato.web.rendering import CONSOLE_STATIC, asset

MOST_BYTES = 150_000
"""Of a page with its stylesheet, script and drawings, before compression."""

PAGES = {entry.name: entry for entry in ENTRIES}


@pytest.fixture(params=PAGES)
def entry(request):
    return PAGES[request.param]


def address(entry, ending=""):
    return f"{entry.path}{ending}?{entry.example}"


def test_a_page_has_its_landmarks_and_names(merchant, entry):
    answer = merchant.get(address(entry))
    assert answer.status_code == 200
    html = answer.text
    for tag in ("<main", "<h1", "<header"):
        assert html.count(tag) == 1, tag
    assert html.partition("</head>")[0].count("<title") == 1  # drawings have titles of their own
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for attribute in ("aria-labelledby", "for", "aria-describedby"):
        for named in re.findall(rf'\b{attribute}="([^"]+)"', html):
            assert set(named.split()) <= set(ids), named
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', html))
    for field in re.findall(r"<(?:input|select|textarea)\b[^>]*>", html):
        named = re.search(r'\bid="([^"]+)"', field)
        hidden = 'type="hidden"' in field or 'type="checkbox"' in field or 'type="radio"' in field
        assert hidden or (named and named[1] in labelled), field


def test_a_page_carries_no_style_and_no_script_but_ours(merchant, entry):
    answer = merchant.get(address(entry))
    assert re.findall(r'<script src="([^"?]+)', answer.text) == ["/static/console.js"]
    assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)
    assert "unsafe" not in answer.headers["content-security-policy"]
    files = sum(len(asset(name).content) for name in CONSOLE_STATIC)
    assert len(answer.content) + files <= MOST_BYTES


def test_a_page_has_its_twin(merchant, entry):
    answer = merchant.get(address(entry, ".json"))
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json(), dict)
    assert f'href="{entry.path}.json' in merchant.get(address(entry)).text


def test_a_page_speaks_chinese(merchant, entry):
    answer = merchant.get(address(entry), headers={"accept-language": "zh"})
    assert answer.headers["content-language"] == "zh"
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.S)[1]
    assert re.search(r"[\u4e00-\u9fff]", heading)


def test_a_page_is_nobody_elses(client, entry):
    led = client.get(address(entry), follow_redirects=False)
    assert led.status_code == 303
    assert led.headers["location"].startswith("/console/sign-in?next=")
    assert client.get(address(entry, ".json")).status_code == 401


def test_the_gallery_shows_every_page(merchant):
    shown = merchant.get("/console/gallery.json").json()["pages"]
    assert [page["name"] for page in shown] == [name for name in PAGES if name != "gallery"]
    assert all(len(page["about"].splitlines()) > 1 for page in shown)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.path)
def test_forms_are_for_those_who_may(viewer, form):
    closed = 400 if may(Role.VIEWER, form.permission) else 403
    assert viewer.post(form.path, data={}).status_code == closed


def test_a_page_that_does_not_exist_says_so_in_the_consoles_frame(merchant):
    answer = merchant.get("/console/nowhere")
    assert answer.status_code == 404
    assert 'aria-label="Pages of the console"' in answer.text


def test_the_console_leads_to_its_first_page(merchant):
    assert merchant.get("/console").url.path == ENTRIES[0].path

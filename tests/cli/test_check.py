"""`mercato check`: what it prints, its exit codes, and the report."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

ITEMS = """id,title,product_type,price
a,Kettle <img src=x onerror=alert(1)>,Kitchen & <script>alert(1)</script>,19.99
b,Mug,Kitchen,4.50
"""
EVENTS = """ts,event,user_id,item_id
2026-01-01T10:00:00Z,purchase,u1,a
2026-01-02T10:00:00Z,purchase,u2,b
2026-01-02T11:00:00Z,<b>buy</b>,u2,b
"""


@pytest.fixture(scope="module")
def checked_shop(tmp_path_factory, mercato_in):
    """A shop with two products, two events, and one event in quarantine."""
    folder = tmp_path_factory.mktemp("check")
    (folder / "items.csv").write_text(ITEMS)
    (folder / "events.csv").write_text(EVENTS)
    mercato_in(folder, "init", "shop")
    settings = (folder / "shop/shop.toml").read_text()
    settings = settings.replace("max_bad_share = 0.05", "max_bad_share = 0.5")
    (folder / "shop/shop.toml").write_text(settings)
    files = ["--items", "items.csv", "--events", "events.csv"]
    done = mercato_in(folder, "import", "shop", *files)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_good_shop_exits_with_0_and_says_what_was_found(checked_shop, mercato_in):
    done = mercato_in(checked_shop, "check", "shop", "--strict", "--html", "report.html")
    assert done.returncode == 0, done.stderr
    for words in ("item_id-known", "event-accepted", "events.csv:4", "<b>buy</b>", "Mug", "title"):
        assert words in done.stdout
    assert "0 failed, 0 warning" in done.stderr
    page = (checked_shop / "report.html").read_text()
    found = Found()
    found.feed(page)
    assert found.tags.isdisjoint({"script", "img", "link", "iframe", "b"})
    assert found.addresses == set()
    assert page.count("<svg") == 8  # four charts for two widths
    assert "Kitchen &amp; &lt;script" in page and "&lt;b&gt;buy&lt;/b&gt;" in page
    assert found.sections == [
        "overview", "alarms", "checks", "fields", "days", "prices", "categories", "set-aside",
        "scores",
    ]  # fmt: skip


class Found(HTMLParser):
    """Tags, sections and whatever would be asked of a network."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str] = set()
        self.sections: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        given = dict(attrs)
        if tag == "section":
            self.sections.append(given["id"])
        for name in ("src", "href", "xlink:href", "style"):
            value = given.get(name) or ""
            if value.startswith(("http", "//")) or "url(" in value.replace("url(#", ""):
                self.addresses.add(value)


def test_a_failed_check_exits_with_1_and_a_warning_only_when_strict(checked_shop, mercato_in):
    path = checked_shop / "shop/shop.toml"
    settings = path.read_text()
    path.write_text(settings.replace("max_age_days = 0", "max_age_days = 1"))
    try:
        done = mercato_in(checked_shop, "check", "shop", "--json")
    finally:
        path.write_text(settings)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    failed = [each for each in report["findings"] if each["health"] != "ok"]
    assert [(each["asset"], each["check"]) for each in failed] == [("events", "fresh")]
    parts = {"now", "findings", "alarms", "quarantine", "fields", "scores", "flags"}
    assert set(report) == parts
    assert report["scores"]["items"] == 2
    assert report["quarantine"][0]["rows"] == 1


def test_an_alarm_fails_only_when_strict(checked_shop, mercato_in):
    rows = [f"i{n},Cup,Kitchen,{n + 1}" for n in range(30)]
    for name, factor in (("one", 1), ("two", 100)):
        lines = [row.rsplit(",", 1) for row in rows]
        text = "\n".join(f"{start},{int(price) * factor}" for start, price in lines)
        (checked_shop / f"{name}.csv").write_text(f"id,title,product_type,price\n{text}\n")
        done = mercato_in(checked_shop, "import", "shop", "--items", f"{name}.csv", "--json")
    (report,) = json.loads(done.stdout)
    assert [alarm["name"] for alarm in report["alarms"]] == ["price-level"]
    assert mercato_in(checked_shop, "check", "shop").returncode == 0
    strict = mercato_in(checked_shop, "check", "shop", "--strict")
    assert strict.returncode == 1
    assert "price-level" in strict.stdout


def test_the_report_speaks_chinese(checked_shop, mercato_in):
    arguments = ["check", "shop", "--html", "zh.html", "--language", "zh"]
    assert mercato_in(checked_shop, *arguments).returncode == 0
    page = (checked_shop / "zh.html").read_text()
    assert '<html lang="zh">' in page and "商品评分" in page
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings and all(re.search(r"[\u4e00-\u9fff]", each) for each in headings)


def test_wrong_use(checked_shop, mercato_in):
    assert mercato_in(checked_shop, "check", "shop", "--language", "zh").returncode == 2
    assert mercato_in(checked_shop, "check", "nothing").returncode == 1


WITHOUT_PANDAS = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import mercato.cli.check, mercato.web.app
assert "altair" not in sys.modules
from mercato.web.quality.charts import bars_chart
drawn = bars_chart([{"x": 1, "y": "Cups", "series": "s"}], "a", "b", ["s"])
assert "Cups" in drawn.wide and "Cups" in drawn.narrow
"""


def test_plots_need_no_pandas_and_are_loaded_for_a_report_only():
    subprocess.run([sys.executable, "-c", WITHOUT_PANDAS], check=True, timeout=60)

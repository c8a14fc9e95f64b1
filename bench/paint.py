"""What a browser takes to show the storefront's pages: bytes, first paint, layout shift.

``--data`` is a built shop, the demo's by default; a ``--models`` is a page. Chromium is the
system's (apt install chromium).
"""

import os
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from bench.harness import DEMO, Row, arguments, served, shop_of, source_of, write_result

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

SLOWDOWN = 4
VISITS, QUICK_VISITS = 5, 1
MOST_KB, MOST_PAINT_MS = 150, 1_000
SETTLING_MS = 500
"""Waited after the network is quiet, and again after the page was moved to its end."""

BANANAS = "1082185"
FILLED = (BANANAS, "995242")
"""Products of the demo that are compared, and bought."""

PAGES: Mapping[str, str] = {
    "home": "/",
    "search": "/search?q=cheese",
    "category": "/browse?category=Grocery",
    "departments": "/browse",
    "item": f"/item/{BANANAS}",
    "basket": "/basket",
    "compare": "/compare",
    "personal": "/personal",
    "shopper": "/shopper",
    "nothing found": "/search?q=zzzzqqqq",
    "not found": "/item/nowhere",
    "wrong filter": "/search?q=milk&filter=brnd:Acme",
}

SIZES: Mapping[str, Mapping[str, object]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 3,
    },
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}

PROTOCOL = (
    "Chromium {version} by CDP on the machine that serves, processor slowed {slowdown} times; "
    "each page {visits} times in a browser of its own with an empty cache, after one visit that "
    "does not count, as a shopper who is new, with two products in the basket and compared. KB: "
    "all that came over the wire, headers included, until the page was moved to its end; first "
    "paint: first-contentful-paint since navigation began, the median and the largest; layout "
    "shift: the sum of all, the largest: nobody touches anything. Budget: {kb} KB, {ms:,} ms, 0."
)

_OBSERVE = """
window.shifted = 0;
new PerformanceObserver(list => {
  for (const each of list.getEntries()) window.shifted += each.value;
}).observe({ type: 'layout-shift', buffered: true });
"""
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True)
class Painted:
    """What one visit took.

    kb    : 1,000 bytes
    shift : as layout-shift scores it: share of the window moved times how far
    """

    kb: float
    paint_ms: float
    shift: float

    def keeps(self) -> bool:
        return self.kb <= MOST_KB and self.paint_ms <= MOST_PAINT_MS and self.shift == 0


@contextmanager
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise SystemExit("no Chromium; install it: apt install chromium")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


def visit(browser: Browser, address: str, path: str, size: Mapping[str, object]) -> Painted:
    """One visit with an empty cache."""
    context = browser.new_context(base_url=address, locale="en-GB", **size)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        for item_id in FILLED:
            page.request.post("/basket/add", form={"item_id": item_id, "quantity": "2"})
            page.request.post("/compare/add", form={"item_id": item_id})
        return _painted(page, path)
    finally:
        context.close()


def _painted(page: Page, path: str) -> Painted:
    received: list[float] = []
    browser = page.context.new_cdp_session(page)
    browser.send("Network.enable")
    browser.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    browser.on("Network.loadingFinished", lambda each: received.append(each["encodedDataLength"]))
    page.add_init_script(_OBSERVE)
    page.goto(path, wait_until="networkidle")
    page.wait_for_timeout(SETTLING_MS)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(SETTLING_MS)
    return Painted(sum(received) / 1e3, page.evaluate(_PAINTED), page.evaluate("window.shifted"))


def row(name: str, visits: list[Painted], seconds: float, peak_mb: float) -> Row:
    metrics: dict[str, object] = {
        "KB": round(max(each.kb for each in visits), 1),
        "first paint ms": round(statistics.median(each.paint_ms for each in visits)),
        "first paint max ms": round(max(each.paint_ms for each in visits)),
        "layout shift": round(max(each.shift for each in visits), 4),
        "within budget": sum(each.keeps() for each in visits) / len(visits),
    }
    return Row(name, metrics, seconds, peak_mb)


def main() -> None:
    asked = arguments(__doc__, name="paint", data=DEMO, minutes=10)
    visits = QUICK_VISITS if asked.quick else VISITS
    rows: list[Row] = []
    with shop_of(asked.data) as shop, served(shop) as server, chromium() as browser:
        address = f"http://{server.host}:{server.port}"
        version = browser.version
        for name, path in PAGES.items():
            if not asked.wants(name):
                continue
            for size, options in SIZES.items():
                begun = time.perf_counter()
                found = [visit(browser, address, path, options) for _ in range(1 + visits)][1:]
                seconds = time.perf_counter() - begun
                rows.append(row(f"{name}, {size}", found, seconds, server.peak_mb()))
                print(rows[-1].model, dict(rows[-1].metrics), flush=True)
    write_result(
        asked.out,
        name="paint",
        protocol=PROTOCOL.format(
            version=version, slowdown=SLOWDOWN, visits=visits, kb=MOST_KB, ms=MOST_PAINT_MS
        ),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()

"""How soon pages answer where the log is long: the console's and the storefront's, as HTML.

``--data`` is a built shop, the demo's by default, whose log is laid behind itself, week before
week, with other shoppers, until it is as long as asked; a ``--models`` is a page. No page may read
the log itself: they read what is summed up of it.
"""

import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.harness import (
    DEMO,
    Row,
    Served,
    arguments,
    mercato,
    served,
    shop_of,
    source_of,
    write_result,
)
from mercato.core import columns as c
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.roles import Role
from mercato.core.settings import load_settings
from mercato.data.assets.events import EVENTS
from mercato.data.assets.users import USERS
from mercato.data.derive import derive_versions
from mercato.data.store import AssetStore
from mercato.shop.people import add_person
from mercato.shop.rules import By
from mercato.state import State
from mercato.web.console.registry import ENTRIES

LINES, QUICK_LINES = 10_000_000, 0
TIMES, QUICK_TIMES = 20, 3
MOST_MS = 300
NAME, PASSWORD = "bench", "correct horse battery"

_NAMED = (c.EVENT_ID, c.USER_ID, c.VISITOR_ID, c.SESSION_ID, c.TRANSACTION_ID)
_WEEK = np.timedelta64(7, "D").astype("timedelta64[us]")

STOREFRONT: Mapping[str, str] = {
    "home": "/",
    "search": "/search?q=cheese",
    "category": "/browse?category=Grocery",
    "departments": "/browse",
    "item": "/item/1082185",
    "basket": "/basket",
    "compare": "/compare",
    "personal": "/personal",
    "shopper": "/shopper",
}
SIZING = "/console/experiments?goal=conversion&effect=5&share=20"
"""How many shoppers an experiment takes, worked out from the newest weeks."""

PROTOCOL = (
    "{lines:,} event lines: the shop's own log, and copies of it that lie a week earlier each and "
    "have other shoppers and orders; `users` and the sums of `mercato assets --sum-up` are made "
    "from all of them, the release is the one from before. Every page over one open connection to "
    "one worker, by an owner who is signed in: the first answer, then {times} more one after the "
    "other; until the whole HTML was there. Budget: {most} ms. CPU: what all threads of the server "
    "took of a core meanwhile, as the kernel counts it, background work among it: that is what a "
    "page costs where nothing else runs."
)


def lengthen(store: AssetStore, lines: int) -> int:
    """Lay copies of the log behind it until it has ``lines``; how many it has then."""
    log = store.read(EVENTS.name, hidden=True)
    total, copy = int(log.num_rows), 0
    while total < lines:
        copy += 1
        part = log.slice(0, lines - total)
        store.commit(EVENTS.name, shifted(part, copy), mode="append")
        total += part.num_rows
    return total


def shifted(log: pa.Table, copy: int) -> pa.Table:
    """The log of other shoppers, ``copy`` weeks before."""
    for name in _NAMED:
        kind = log.schema.field(name).type
        ending, nothing = pa.scalar(f"~{copy}", kind), pa.scalar("", kind)
        log = _with(log, name, pc.binary_join_element_wise(log[name], ending, nothing))
    return _with(log, c.TS, pc.subtract(log[c.TS], pa.scalar(copy * _WEEK)))


def _with(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), column)


def prepare(shop: Path, lines: int) -> int:
    """Lengthen the log and make what pages read of it; how many lines there are."""
    paths = ShopPaths(shop)
    settings = load_settings(paths.settings)
    store = AssetStore(paths.assets)
    found = lengthen(store, lines)
    derive_versions(store, (USERS.name,), settings=settings, progress=Silent())
    mercato("assets", str(shop), "--sum-up")
    state = State.open(settings.state.url, shop)
    add_person(state, NAME, Role.OWNER, By("bench@host", "people"), PASSWORD)
    state.close()
    return found


@dataclass(frozen=True)
class Browser:
    """Somebody who is signed in to a served shop's console."""

    connection: http.client.HTTPConnection
    cookie: str

    @classmethod
    def of(cls, server: Served) -> "Browser":
        form = urlencode({"name": NAME, "password": PASSWORD})
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"http://{server.host}:{server.port}",
        }
        server.connection.request("POST", "/console/sign-in", form, headers)
        answer = server.connection.getresponse()
        answer.read()
        cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
        if answer.status != 303 or not cookie:
            raise RuntimeError(f"signing in: {answer.status}")
        return cls(server.connection, cookie)

    def get(self, path: str) -> tuple[float, int]:
        """Milliseconds until the whole page was there, and its bytes."""
        begun = time.perf_counter()
        self.connection.request("GET", path, headers={"cookie": self.cookie})
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begun) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        return took, len(body)


def pages() -> Iterator[tuple[str, str]]:
    """(name, path) of every page."""
    for entry in ENTRIES:
        yield f"console {entry.name}", f"{entry.path}?{entry.example}"
    yield "console experiments, sized", SIZING
    for name, path in STOREFRONT.items():
        yield f"storefront {name}", path


def measure(server: Served, browser: Browser, path: str, times: int) -> dict[str, object]:
    begun = _cpu_ms(server.process.pid)
    first, size = browser.get(path)
    asked = _cpu_ms(server.process.pid)
    took = [browser.get(path)[0] for _ in range(times)]
    done = _cpu_ms(server.process.pid)
    return {
        "p50 ms": round(float(np.median(took)), 1),
        "max ms": round(max(took), 1),
        "first ms": round(first, 1),
        "CPU ms": round((done - asked) / times, 1),
        "first CPU ms": round(asked - begun, 1),
        "KB of HTML": round(size / 1e3, 1),
        "within budget": max(first, *took) <= MOST_MS,
    }


def _cpu_ms(process: int) -> float:
    """What a process's threads that are there have run so far (Linux)."""
    total = 0
    for each in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends meanwhile
            total += int(each.read_text().split()[0])
    return total / 1e6


def main() -> None:
    asked = arguments(__doc__, name="console_pages", data=DEMO, minutes=60)
    times = QUICK_TIMES if asked.quick else TIMES
    rows: list[Row] = []
    with shop_of(asked.data) as shop:
        lines = prepare(shop, QUICK_LINES if asked.quick else LINES)
        with served(shop) as server:
            browser = Browser.of(server)
            for name, path in pages():
                if asked.wants(name):
                    begun = time.perf_counter()
                    metrics = measure(server, browser, path, times)
                    seconds = time.perf_counter() - begun
                    rows.append(Row(name, metrics, seconds, server.peak_mb()))
                    print(name, metrics, flush=True)
    write_result(
        asked.out,
        name="console_pages",
        protocol=PROTOCOL.format(lines=lines, times=times, most=MOST_MS),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()

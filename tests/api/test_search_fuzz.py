"""Hostile searches: whatever is asked, the answer is JSON of a known shape, and never a 5xx.

Requests are made up from a seed and asked of the application itself, without a socket between, so
that the long form can ask a million of them. MERCATO_FUZZ=n,seed asks n others.
"""

import asyncio
import json
import os
import random
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from starlette.applications import Starlette

from apart import apart
from mercato.api import create_api
from mercato.shop.opened import Shop

SHORT, LONG = 500, 1_000_000

MOST_GROWTH_BYTES = 150 * 2**20
"""Of the process between a tenth and the end of a long run: caches fill up, and no more."""

LONGEST_ADDRESS = 60_000
"""Bytes: uvicorn refuses longer ones before they come to us."""

LONGEST_ERROR = 40_000
"""Bytes: an error repeats a part of what was sent at most."""

PROBLEM = {"type", "title", "status", "detail", "expected", "found", "remedy"}
REFUSED = {400, 404, 405, 413}

INJECTIONS = (
    "' OR 1=1 --", "\"; DROP TABLE items; --", "1; SELECT pg_sleep(10)", "') UNION SELECT * FROM x",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)",
    "{{7*7}}", "${jndi:ldap://x/a}", "#{7*7}", "<%= 7*7 %>", "../../../../etc/passwd",
    "%s%s%s%n", "%00", "\x00", "\r\nSet-Cookie: a=b", "$(sleep 9)", "`sleep 9`", "|| sleep 9",
    "{\"$gt\": \"\"}", "*)(uid=*", "\\", "\\\\\"", "'", "\"", "__proto__", "constructor",
    "AND", "OR", "NOT", "()", "..", "1..", "..<", ":", "field:", "-", "NaN", "inf", "-inf", "1e999",
)  # fmt: skip

BOMBS = (
    "a" * 40 + "!", "(a+)+$", "((a*)*)*b", "(?:(?:a|a)*)*", "[" * 50, "^(a|aa)+$", "x" * 30 + "\"",
    "1/2" * 30, "2x" * 40, "1,000" * 30, "'" * 60, "-" * 60, "a-" * 40, "a'" * 40, "1 x " * 40,
    "under " * 20, "$1" * 40, "0.0.0.0." * 20, "５" * 40, "1" * 60, "\u0301" * 60, "e\u0301" * 40,
    "\ufdfa" * 20, "ﬁ" * 40, "\u202e" * 10, "👩‍👩‍👧‍👦" * 8, "蓝牙" * 40, "臺灣無線" * 10, "ß" * 40,
    "İ" * 40, "\u1e9e" * 20, "\U0001f3f4\U000e0067" * 8, "a\u0300\u0301\u0302" * 20,
)  # fmt: skip

FIELDS = (
    "brand", "color", "price", "product_type", "season", "availability", "id", "title", "_tags",
    "created_at", "objectID", "hierarchicalCategories.lvl0", "hierarchicalCategories.lvl9", "*",
    "nothing", "attributes.season", "weight_g", "item_group_id", "searchable(brand)", "Brand",
)  # fmt: skip

VALUES = ("Norrvik", "red", "10", "-1", "0", "10..50", "..5", "5..<6", "Camping > Tents", "true")

WORDS = ("tent", "rain jacket", "slepping bag", "tent for two under 300", "2 l bottle", "gps")


def _letters() -> dict[str, list[str]]:
    """General category of Unicode → some of its characters; surrogates are none."""
    found: dict[str, list[str]] = {}
    for point in range(0, sys.maxunicode + 1, 7):
        letter = chr(point)
        kind = unicodedata.category(letter)
        if kind != "Cs":
            found.setdefault(kind, []).append(letter)
    return found


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: bytes = b""
    body: bytes = b""


class Hostile:
    """Makes up requests; the same seed makes the same ones."""

    letters = _letters()

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def requests(self, n: int) -> Iterator[Request]:
        for _ in range(n):
            yield self.random.choice((self.search, self.search, self.suggest, self.algolia))()

    def text(self) -> str:
        make = self.random.choice((self._unicode, self._mixed, self._picked, self._picked))
        found = make()
        if self.random.random() < 0.003:
            found = (found or "x") * (2**20 // max(len(found), 1))
        elif self.random.random() < 0.02:
            found = (found or "x") * self.random.choice((10, 100, 1000))
        return found

    def _unicode(self) -> str:
        kind = self.random.choice(sorted(self.letters))
        return "".join(self.random.choices(self.letters[kind], k=self.random.randint(1, 20)))

    def _mixed(self) -> str:
        kinds = self.random.choices(sorted(self.letters), k=self.random.randint(1, 12))
        return "".join(self.random.choice(self.letters[kind]) for kind in kinds)

    def _picked(self) -> str:
        several = self.random.choice((INJECTIONS, BOMBS, WORDS, VALUES, FIELDS))
        parts = self.random.choices(several, k=self.random.choice((1, 1, 1, 2, 5)))
        return self.random.choice((" ", "", "\t", ",")).join(parts)

    def name(self) -> str:
        return self.random.choice(FIELDS) if self.random.random() < 0.9 else self.text()

    def value(self) -> str:
        return self.random.choice(VALUES) if self.random.random() < 0.6 else self.text()

    def quoted(self, text: str) -> str:
        if self.random.random() < 0.5:
            return text
        mark = self.random.choice("\"'")
        return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark

    def filter(self, depth: int = 0) -> str:
        """A filter, or something like one."""
        if depth > 4 or self.random.random() < 0.5:
            operator = self.random.choice((":", ":", ":", " > ", "<=", "!=", "=", " : ", ""))
            end = f" TO {self.value()}" if self.random.random() < 0.1 else ""
            return f"{self.quoted(self.name())}{operator}{self.quoted(self.value())}{end}"
        inner = [self.filter(depth + 1) for _ in range(self.random.randint(1, 3))]
        text = self.random.choice((" AND ", " OR ", " ", " and ")).join(inner)
        text = self.random.choice(("{}", "({})", "NOT {}", "NOT ({})", "({}")).format(text)
        return self.mutated(text) if self.random.random() < 0.2 else text

    def deep(self) -> str:
        n = self.random.choice((5, 41, 500, 3000))
        before, after = self.random.choice((("(", ")"), ("NOT ", ""), ("(NOT ", ")"), ("(", "")))
        return before * n + "color:red" + after * n

    def long(self) -> str:
        n = self.random.choice((50, 400, 3000))
        join = self.random.choice((" OR ", " AND ", " AND NOT "))
        return join.join(f"{self.random.choice(FIELDS)}:{at}" for at in range(n))

    def mutated(self, text: str) -> str:
        at = self.random.randint(0, len(text))
        cut = self.random.randint(0, 3)
        return text[:at] + self.random.choice(("", "(", '"', "\\", " ", "\x00")) + text[at + cut :]

    def any_filter(self) -> str:
        make = self.random.choices((self.filter, self.text, self.deep, self.long), (8, 2, 1, 1))[0]
        return make()

    def number(self) -> Any:
        return self.random.choice((
            0, 1, 2, 3, 10, 100, 101, 1000, -1, 2**31, 2**63, 2**64, 10**40, 1.5, "1", "one", "",
            "1e3", None, True, [], {}, "\u0661", "９",
        ))  # fmt: skip

    def search(self) -> Request:
        pairs: list[tuple[str, str]] = [("q", self.text())] if self.random.random() < 0.8 else []
        for _ in range(self.random.randint(0, 4)):
            name = self.random.choice((
                "filter", "filter", "facet", "sort", "page", "per_page", "distinct", "mode",
                "user_id", "visitor_id", "session_id", "q", "nonsense",
            ))  # fmt: skip
            pairs.append((name, self._parameter(name)))
        if self.random.random() < 0.01:
            pairs *= self.random.choice((50, 300))
        return self._get("/v1/search", pairs)

    def _parameter(self, name: str) -> str:
        if name == "filter":
            return self.any_filter()
        if name == "facet":
            return self.name()
        if name == "sort":
            return f"{self.name()}:{self.random.choice(('asc', 'desc', 'up', ''))}"
        if name in ("page", "per_page", "distinct"):
            return str(self.number())
        if name == "mode":
            return self.random.choice(("lexical", "hybrid", "semantic", "x"))
        return self.text()

    def suggest(self) -> Request:
        pairs = [("q", self.text())]
        if self.random.random() < 0.3:
            pairs.append(("n", str(self.number())))
        return self._get("/v1/suggest", pairs)

    def _get(self, path: str, pairs: Sequence[tuple[str, str]]) -> Request:
        query = urlencode(pairs, errors="surrogatepass").encode()
        if self.random.random() < 0.02:
            query += self.random.choice((b"&q=%ff%fe", b"&filter=%ed%a0%80", b"&&&", b"&q", b"%"))
        return Request("GET", path, query[:LONGEST_ADDRESS])

    def algolia(self) -> Request:
        kind = self.random.random()
        if kind < 0.7:
            n = self.random.choice((1, 1, 1, 2, 3, 51 if self.random.random() < 0.05 else 4))
            sent: Any = {"requests": [self.query() for _ in range(n)]}
            if self.random.random() < 0.1:
                sent["strategy"] = self.random.choice(("none", "stopIfEnoughMatches", self.text()))
            return Request("POST", "/1/indexes/*/queries", body=self.body(sent))
        index = quote(self.name()[:600], safe="")
        if kind < 0.8:
            return Request("POST", f"/1/indexes/{index}/query", body=self.body(self.query()))
        facet = quote(self.name()[:600], safe="")
        if kind < 0.9:
            path = f"/1/indexes/{index}/facets/{facet}/query"
            return Request("POST", path, body=self.body(self.query()))
        if kind < 0.95:
            return Request("GET", f"/1/indexes/{index}/{quote(self.text()[:600], safe='')}")
        wanted = [{"objectID": self.any(), "attributesToRetrieve": self.any()}]
        return Request("POST", "/1/indexes/*/objects", body=self.body({"requests": wanted}))

    def query(self) -> dict[str, Any]:
        """The parameters of one query."""
        sent: dict[str, Any] = {"indexName": "products"}
        if self.random.random() < 0.8:
            sent["query"] = self.text()
        for _ in range(self.random.randint(0, 5)):
            name = self.random.choice(sorted(self.parameters))
            sent[name] = self.any() if self.random.random() < 0.1 else self.parameters[name](self)
        if self.random.random() < 0.05:
            sent[self.text()[:50]] = self.any()
        if self.random.random() < 0.3:
            given = {name: sent.pop(name) for name in list(sent) if name != "indexName"}
            spelled = {n: v if isinstance(v, str) else json.dumps(v) for n, v in given.items()}
            sent["params"] = urlencode(spelled, errors="surrogatepass")
        return sent

    parameters: dict[str, Callable[["Hostile"], Any]] = {
        "indexName": lambda h: h.random.choice(("p", "p_price_asc", "p_x_desc", h.text()[:300])),
        "filters": lambda h: h.any_filter(),
        "facetFilters": lambda h: h.nested(lambda: f"{h.name()}:{h.value()}"),
        "numericFilters": lambda h: h.nested(
            lambda: f"{h.name()}{h.random.choice(('>', '<=', '=', ':', ''))}{h.value()}"
        ),
        "tagFilters": lambda h: h.nested(h.value),
        "facets": lambda h: [h.name() for _ in range(h.random.choice((1, 3, 250)))],
        "page": lambda h: h.number(),
        "hitsPerPage": lambda h: h.number(),
        "offset": lambda h: h.number(),
        "length": lambda h: h.number(),
        "maxValuesPerFacet": lambda h: h.number(),
        "maxFacetHits": lambda h: h.number(),
        "attributesToRetrieve": lambda h: [h.name() for _ in range(h.random.randint(0, 4))],
        "attributesToHighlight": lambda h: [h.name() for _ in range(h.random.randint(0, 4))],
        "attributesToSnippet": lambda h: [f"{h.name()}:{h.number()}"],
        "highlightPreTag": lambda h: h.text(),
        "snippetEllipsisText": lambda h: h.text(),
        "distinct": lambda h: h.number(),
        "facetQuery": lambda h: h.text(),
        "type": lambda h: h.random.choice(("facet", "default", "x")),
        "facet": lambda h: h.name(),
        "sortFacetValuesBy": lambda h: h.random.choice(("alpha", "count", "x")),
        "clickAnalytics": lambda h: h.random.choice((True, False, "true", 7)),
        "userToken": lambda h: h.text(),
        "restrictHighlightAndSnippetArrays": lambda h: True,
        "getRankingInfo": lambda h: True,
        "responseFields": lambda h: [h.name()],
        "queryType": lambda h: h.random.choice(("prefixAll", "prefixNone", "prefixLast", "x")),
    }

    def nested(self, leaf: Callable[[], str], depth: int = 0) -> Any:
        """Lists in lists of texts, or something like them."""
        roll = self.random.random()
        if depth == 0 and roll < 0.02:
            deep: Any = leaf()
            for _ in range(self.random.choice((10, 200))):
                deep = [deep]
            return deep
        if depth == 0 and roll < 0.04:
            return [leaf() for _ in range(self.random.choice((500, 1500)))]
        if roll < 0.1:
            return self.any()
        if depth > 3 or roll < 0.5:
            return leaf()
        return [self.nested(leaf, depth + 1) for _ in range(self.random.randint(0, 3))]

    def any(self) -> Any:
        return self.random.choice((self.text, self.number, list, dict, lambda: [None, 1, {}]))()

    def body(self, sent: Any) -> bytes:
        text = json.dumps(sent, ensure_ascii=self.random.random() < 0.5)
        roll = self.random.random()
        if roll < 0.01:
            text = text.replace('"query": "', '"query": "\\ud800', 1)
        elif roll < 0.03:
            text = self.mutated(text)
        elif roll < 0.04:
            text = self.random.choice(
                ("NaN", "[" * 5000, '{"requests":' * 900, "", "null", "1e999")
            )
        body = text.encode("utf-8", "surrogatepass")
        return body[:-1] + b"\xff" if roll > 0.99 else body


@dataclass
class Asked:
    """What a request was answered."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: bytes = b""


async def ask(app: Starlette, request: Request) -> Asked:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": request.method, "path": unquote(request.path), "root_path": "",
        "raw_path": request.path.encode(), "query_string": request.query,
        "headers": [(b"host", b"localhost"), (b"content-type", b"text/plain")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    sent, found = False, Asked()

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.sleep(3600)
        sent = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.status, found.headers = message["status"], dict(message["headers"])
        else:
            found.content += message.get("body", b"")

    await app(scope, receive, send)
    return found


def check(request: Request, asked: Asked) -> None:
    assert asked.status == 200 or asked.status in REFUSED, (request, asked)
    answer = json.loads(asked.content)
    if asked.status == 200:
        return
    assert len(asked.content) < LONGEST_ERROR, (asked.status, len(asked.content))
    # A line break in an address belongs to no route, so not to the dialect either.
    if request.path.startswith("/1/") and "\n" not in unquote(request.path):
        assert set(answer) == {"message", "status"}
    else:
        assert set(answer) >= PROBLEM
        assert asked.headers[b"content-type"] == b"application/problem+json"
    assert answer["status"] == asked.status


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def app(built_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starlette]:
    folder = shutil.copytree(built_shop, tmp_path_factory.mktemp("fuzz") / "shop")
    shop = Shop.open(Path(folder))
    yield create_api(shop)
    shop.close()


def _length(default: int) -> tuple[int, int]:
    n, _, seed = os.environ.get("MERCATO_FUZZ", f"{default},1").partition(",")
    return int(n), int(seed or 1)


@pytest.mark.parametrize("n", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)])
@pytest.mark.timeout(0)
def test_no_search_breaks_the_api(app: Starlette, n: int) -> None:
    n, seed = _length(n)

    async def all_of_them() -> list[int]:
        sizes = []
        for at, request in enumerate(Hostile(seed).requests(n)):
            check(request, await ask(app, request))
            if at % max(n // 10, 1) == 0:
                sizes.append(resident_bytes())
        return sizes

    sizes = apart(asyncio.run, all_of_them())
    if n >= LONG:
        assert sizes[-1] - sizes[1] < MOST_GROWTH_BYTES

"""Writes the tables of the documents from the result files in bench/results/.

Between `<!-- numbers -->` and `<!-- /numbers -->` stands what a result file says, and nothing else;
a test fails when they differ.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
BLOCK = re.compile(r"(<!-- numbers -->\n).*?(<!-- /numbers -->)", re.DOTALL)


class Excerpt(NamedTuple):
    """What a README shows of a result; `docs/numbers.md` has all of it.

    columns : () for all
    rows    : expression that a row's model must match; "" for all
    """

    columns: tuple[str, ...]
    rows: str = ""


EXCERPTS: Mapping[str, Excerpt] = {
    "search_peers": Excerpt(("ndcg@10", "p50 ms", "times Mercato"), "homedepot"),
    "Search latency": Excerpt(("p50 ms", "p99 ms"), "demo"),
    "growth": Excerpt(
        ("build s", "HTTP cold p50 ms", "HTTP browse p99 ms", "MB", "bytes a product")
    ),
    "shop": Excerpt(("buy-again/recall@20", "home/recall@20", "cart/hit@10")),
    "Recommendation latency": Excerpt(("p50 ms", "p99 ms")),
    "session": Excerpt(("hit@20", "mrr@20"), "diginetica (session|VSTAN|STAN|item kNN|popularity)"),
    "graph": Excerpt(("recall@20", "ndcg@20")),
    "Durable events a second": Excerpt(("events/s", "p50 ms", "p99 ms")),
    "Replicas": Excerpt(
        ("requests", "failed", "failed reads", "events lost", "recovered after s"), ".*: haproxy:"
    ),
    "Replicas, simulated": Excerpt(
        ("requests/s", "p50 ms", "simulated p50 ms", "p99 ms", "simulated p99 ms")
    ),
}
"""By the name of the result file, in this order."""


@dataclass(frozen=True)
class Page:
    """A document with a block of numbers, and what its tables say around them.

    titles : name of a result file → heading; others stand under their name
    whole  : all results, with how, on what and where each was measured
    only   : names of the results that are shown; () for all
    """

    model: str
    nothing: str
    titles: Mapping[str, str]
    whole: bool = False
    only: tuple[str, ...] = ()


ENGLISH = {
    "search_quality": "Search quality: hybrid against its two halves",
    "shop": "Shelves of the demo shop, asked over HTTP, against baselines",
    "complements": "What is bought with an item: complements of the demo shop",
    "cold_start": "New items and new shoppers of the demo shop, against popularity",
    "shelf_tradeoff": "Shelves of the demo shop: accuracy, diversity and novelty",
    "reasons": "Reasons of shelves, each checked by taking its evidence away",
    "Search latency": "Time of a search over HTTP",
    "Recommendation latency": "Time of a shelf over HTTP",
    "Durable events a second": "Events taken in, durably",
    "Seeded faults": "Faults seeded into a feed and a log, and found",
    "drift": "Drift seeded into a supermarket's year, and the alarms it raises",
    "imports": "Ten million event lines imported, then the same file again",
    "click_learning": "Learning from simulated clicks whose bias is known",
    "spelling": "Spelling: queries with an error each, and shoppers' own",
    "ctr_frappe": "Clicks: which app is used next",
    "ctr_kdd12": "Clicks: which ad is clicked",
    "funnel": "From views and carts to purchases",
    "search_peers": "Search beside other engines, in one run",
    "search_throughput": "Searches a second over HTTP",
    "growth": "Growth: ten thousand, a hundred thousand, a million products",
    "scale": "Table work: a million events and more, by DuckDB and by Spark",
    "vectors": "The nearest of many texts, with one index in two workers",
    "upserts": "A hundred thousand changes beside searches",
    "Hostile requests": "A shopper's searches beside hostile ones",
    "default_ranker": "The ranking weights that Mercato comes with",
    "graph": "Sets of items without an order: Gowalla",
    "experiments": "Ten thousand experiments, simulated: daily looks, shares of arms, interleaving",
    "bandits": "Regret of bandits, simulated",
    "off_policy": "Off-policy estimates beside the package obp, and on the small Open Bandit logs",
    "closed_loop": "A shop that learns from simulated shoppers, and a poisoned release",
    "watching": "A release that does harm once it is published, simulated",
    "session": "The next item of a session",
    "sequential": "The next item of a shopper",
    "transformer_content": "The shopper transformer and items known by their content",
    "transformer_parts": "What each part of the shopper transformer adds, on validation",
    "transformer_serving": "What the shopper transformer takes to answer",
    "transformer_training": "How fast the shopper transformer learns, beside RecTools' SASRec",
    "training_processes": "The shopper transformer learned by one process and by several",
    "Replicas": "Replicas behind a balancer, and what befalls them under load",
    "Replicas, simulated": "Replicas simulated from service times, beside a load test",
    "capacity": "Capacity, on paper",
    "Load": "A shop under load, and under three times as much as it can do",
    "Crashes": "Servers, databases and disks that crash at random moments",
    "fuzz": "Requests made up from the OpenAPI document",
    "console_pages": "Pages of the console and the storefront over a long log",
    "paint": "Pages of the storefront in a browser: bytes, first paint, layout shift",
}
CHINESE = {
    "search_peers": "同一次运行中与其他搜索引擎的比较",
    "Search latency": "经 HTTP 的搜索耗时",
    "growth": "规模增长：一万、十万、一百万件商品",
    "shop": "演示商店的推荐位（经 HTTP 请求）与基线的比较",
    "Recommendation latency": "经 HTTP 的推荐耗时",
    "session": "会话中的下一件商品",
    "graph": "无顺序的物品集合：Gowalla",
    "Durable events a second": "持久写入的事件",
    "Replicas": "负载均衡器后的多个副本：负载之下的各种故障",
    "Replicas, simulated": "由服务时间模拟的副本与负载测试的比较",
}
PAGES: Mapping[str, Page] = {
    "README.md": Page("model", "Nothing is measured yet: `make bench`.\n", ENGLISH),
    "README.zh-CN.md": Page("模型", "尚未测量：`make bench`。\n", CHINESE),
    "docs/numbers.md": Page("model", "Nothing is measured yet: `make bench`.\n", ENGLISH, True),
    "docs/experiments.md": Page(
        "model",
        "Nothing is measured yet: `make bench`.\n",
        ENGLISH,
        True,
        ("bandits", "experiments", "off_policy"),
    ),
    "docs/learning.md": Page(
        "model",
        "Nothing is measured yet: `make bench`.\n",
        ENGLISH,
        True,
        ("closed_loop", "watching"),
    ),
    "docs/scale.md": Page(
        "model", "Nothing is worked out yet: `make docs`.\n", ENGLISH, True, ("capacity",)
    ),
}


def results(folder: Path) -> list[dict[str, Any]]:
    """All result files, by name."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(found, key=lambda result: str(result["name"]))


def block(found: Sequence[Mapping[str, Any]], page: Page) -> str:
    """A table for each result file: a row a model, a column a metric."""
    if page.whole:
        found = [each for each in found if not page.only or each["name"] in page.only]
        return "\n".join(_whole(result, page) for result in found) or page.nothing
    named = {result["name"]: result for result in found}
    parts = [_part(named[name], page) for name in EXCERPTS if name in named]
    return "\n".join(parts) or page.nothing


def _whole(result: Mapping[str, Any], page: Page) -> str:
    title = page.titles.get(result["name"], result["name"])
    further = [name for name in ("seconds", "peak_mb") if name in result["rows"][0]]
    table = "\n".join(_table(rows, page.model, further=further) for rows in _alike(result["rows"]))
    data = "".join(f"- `{path}`, sha256 {sha[:16]}…\n" for path, sha in result["data"].items())
    where = f"On {result['machine']}"
    where += f", at commit {result['commit'][:12]}" if "commit" in result else ""
    where += f", of:\n\n{data}" if data else ".\n"
    return f"## {title}\n\n{result['protocol']}\n\n{table}\n{where}"


def _alike(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Rows of one table each; those that no metric joins, even by way of other rows, are apart."""
    tables: list[tuple[set[str], list[Mapping[str, Any]]]] = []
    for row in rows:
        names, members = set(row["metrics"]), [row]
        apart = []
        for table in tables:
            if table[0] & names:
                names, members = names | table[0], table[1] + members
            else:
                apart.append(table)
        tables = [*apart, (names, members)]
    order = {id(row): at for at, row in enumerate(rows)}
    found = [sorted(members, key=lambda row: order[id(row)]) for _, members in tables]
    return sorted(found, key=lambda members: order[id(members[0])])


def _part(result: Mapping[str, Any], page: Page) -> str:
    name = result["name"]
    columns, wanted = EXCERPTS[name]
    rows = [row for row in result["rows"] if re.match(wanted, row["model"])]
    return f"**{page.titles.get(name, name)}**\n\n{_table(rows, page.model, columns)}"


def _table(
    rows: Sequence[Mapping[str, Any]],
    model: str,
    columns: Sequence[str] = (),
    further: Sequence[str] = (),
) -> str:
    """columns : metrics, () for all; further : of a row besides its metrics"""
    names = columns or list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    told = {name for row in rows for name, of in row["metrics"].items() if _is_words(of)}
    marks = ["---" if name in told else "--:" for name in (*names, *further)]
    lines = [[model, *names, *further], ["---", *marks]]
    for row in rows:
        cells = [_cell(row["metrics"].get(name)) for name in names]
        strong = "**" if row.get("chosen") else ""
        own = [_number(row[name]) for name in further]
        lines.append([f"{strong}{row['model']}{strong}", *cells, *own])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _is_words(metric: Any) -> bool:
    return isinstance(metric, str | bool)


def _cell(metric: Any) -> str:
    """``.3226 (.3120–.3330)`` where an interval is known, ``.3226 †`` where it is beyond what was
    measured, else the number; words as they are, and yes or no."""
    if isinstance(metric, bool):
        return "yes" if metric else "no"
    if metric is None or isinstance(metric, str):
        return metric or ""
    if isinstance(metric, Mapping) and "low" not in metric:
        return f"{_number(metric['value'])}{' †' if metric['extrapolated'] else ''}"
    if isinstance(metric, Mapping):
        value, low, high = (_number(metric[part]) for part in ("value", "low", "high"))
        return f"{value} ({low}–{high})"
    return _number(metric)


def _number(value: float) -> str:
    """Counts whole; else four digits after the point below 1, and three that count above."""
    if isinstance(value, int):
        return f"{value:,}"
    if abs(value) < 1:
        return f"{value:.4f}".replace("0.", ".", 1)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def renewed(text: str, found: Sequence[Mapping[str, Any]], page: Page) -> str:
    """A document's text with its block of numbers as the result files say."""
    numbers = block(found, page)
    return BLOCK.sub(lambda match: f"{match[1]}{numbers}{match[2]}", text)


def main() -> None:
    found = results(RESULTS)
    for name, page in PAGES.items():
        path = ROOT / name
        path.write_text(renewed(path.read_text(encoding="utf-8"), found, page), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()

"""Writes the tables of the documents from the result files in bench/results/.

Between `<!-- numbers -->` and `<!-- /numbers -->` stands what a result file says, and nothing else;
a test fails when they differ.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
_LONG = 12
"""Rows beyond which a README shows the chosen ones alone."""

BLOCK = re.compile(r"(<!-- numbers -->\n).*?(<!-- /numbers -->)", re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A document with a block of numbers, and what its tables say around them.

    titles : name of a result file → heading; others stand under their name
    whole  : also how, on what and where it was measured
    """

    model: str
    nothing: str
    titles: Mapping[str, str]
    whole: bool = False


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
    "upserts": "A hundred thousand changes beside searches",
    "Hostile requests": "A shopper's searches beside hostile ones",
    "default_ranker": "The ranking weights that Mercato comes with",
    "graph": "Sets of items without an order: Gowalla",
    "graph_ease": "The harness on Gowalla, checked by plain EASE",
    "session": "The next item of a session",
    "sequential": "The next item of a shopper",
}
CHINESE = {
    "search_quality": "搜索质量：混合检索与其两个组成部分的比较",
    "shop": "演示商店的推荐位（经 HTTP 请求）与基线的比较",
    "complements": "与某商品一起购买的商品：演示商店的互补品",
    "cold_start": "演示商店的新商品与新顾客，与热门商品比较",
    "shelf_tradeoff": "演示商店的推荐位：准确、多样与新颖",
    "reasons": "推荐理由：逐一去掉所述依据加以检验",
    "Search latency": "经 HTTP 的搜索耗时",
    "Recommendation latency": "经 HTTP 的推荐耗时",
    "Durable events a second": "持久写入的事件",
    "Seeded faults": "植入商品目录与日志的错误及其检出",
    "drift": "植入一家超市全年数据的漂移及其告警",
    "imports": "导入一千万行事件，再导入同一文件",
    "click_learning": "从位置偏差已知的点击中学习：校正与未校正的比较",
    "spelling": "拼写：各带一个错误的查询，以及用户原本的查询",
    "ctr_frappe": "点击：接下来使用哪个应用",
    "ctr_kdd12": "点击：哪条广告被点击",
    "funnel": "从浏览和加购到购买",
    "search_peers": "同一次运行中与其他搜索引擎的比较",
    "search_throughput": "经 HTTP 每秒完成的搜索",
    "growth": "规模增长：一万、十万、一百万件商品",
    "upserts": "十万次变更与同时进行的搜索",
    "Hostile requests": "恶意请求旁的顾客搜索",
    "default_ranker": "Mercato 自带的排序权重",
    "graph": "无顺序的物品集合：Gowalla",
    "graph_ease": "以普通 EASE 检验 Gowalla 上的评测",
    "session": "会话中的下一件商品",
    "sequential": "用户的下一件商品",
}
PAGES: Mapping[str, Page] = {
    "README.md": Page("model", "Nothing is measured yet: `make bench`.\n", ENGLISH),
    "README.zh-CN.md": Page("模型", "尚未测量：`make bench`。\n", CHINESE),
    "docs/numbers.md": Page("model", "Nothing is measured yet: `make bench`.\n", ENGLISH, True),
}


def results(folder: Path) -> list[dict[str, Any]]:
    """All result files, by name."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(found, key=lambda result: str(result["name"]))


def block(found: Sequence[Mapping[str, Any]], page: Page) -> str:
    """A table for each result file: a row a model, a column a metric."""
    return "\n".join(_section(result, page) for result in found) or page.nothing


def _section(result: Mapping[str, Any], page: Page) -> str:
    title = page.titles.get(result["name"], result["name"])
    if not page.whole:
        return f"**{title}**\n\n{_table(_short(result['rows']), page.model)}"
    table = _table(result["rows"], page.model, ("seconds", "peak_mb"))
    data = "".join(f"- `{path}`, sha256 {sha[:16]}…\n" for path, sha in result["data"].items())
    where = f"On {result['machine']}, at commit {result['commit'][:12]}, of:\n\n{data}"
    return f"## {title}\n\n{result['protocol']}\n\n{table}\n{where}"


def _short(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """A long table's chosen rows; the documents have all of them."""
    return rows if len(rows) <= _LONG else [row for row in rows if row.get("chosen")]


def _table(rows: Sequence[Mapping[str, Any]], model: str, further: Sequence[str] = ()) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    lines = [[model, *names, *further], ["---", *("--:" for _ in (*names, *further))]]
    for row in rows:
        cells = [_cell(row["metrics"].get(name)) for name in names]
        strong = "**" if row.get("chosen") else ""
        own = [_number(row[name]) for name in further]
        lines.append([f"{strong}{row['model']}{strong}", *cells, *own])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(metric: Any) -> str:
    """``.3226 (.3120–.3330)`` where an interval is known, else the number."""
    if metric is None:
        return ""
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

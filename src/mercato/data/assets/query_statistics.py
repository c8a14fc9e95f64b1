"""What shoppers search for: how many of them, how lately, and what came of it."""

from collections.abc import Mapping
from unicodedata import normalize

import ibis
import orjson
import pyarrow as pa
from ibis import _

from mercato.core.folding import fold, spaced
from mercato.data.asset import Asset, DeriveContext
from mercato.data.casts import MOMENT
from mercato.data.checks import required
from mercato.data.labels import Masking, Sensitivity
from mercato.data.shoppers import SHOPPER_ID, VISIT, counted_lines, with_visit

HALF_LIFE_DAYS = 30.0
"""Days after which a search counts half in ``recent_searches``. Assumed."""

LONGEST_QUERY = 100
"""Characters beyond which nothing is a query that others may type too."""

_SEARCHES = ("search", "view_search_results")
_READ = ("event_id", "line", "ts", "event", "session_id", "search_term")
_CLICKS = ("select_item", "view_item", "add_to_cart", "purchase")

_ASKED = pa.schema(
    [
        ("event_id", pa.string()),
        ("visitor_id", pa.string()),
        ("search_term", pa.string()),
        ("found", pa.bool_()),
    ]
)
_WRITTEN = pa.schema([("search_term", pa.string()), ("query", pa.string()), ("text", pa.string())])


def build(tables: Mapping[str, ibis.Table], context: DeriveContext) -> ibis.Table:
    """One row a folded query, of events and of logged answers.

    text            : as it is mostly written, in lower case
    shoppers        : different ones, by user or else visitor; searches of nobody are not counted
    searches        : visits in which it was searched for, once each however often it was sent
    recent_searches : the same, each halved by every 30 days before the last line of the log
    clicks, purchases : of those visits, where a product was looked at, or bought, between this
                      search and the next
    zero_share      : of its answers that are logged, those without any item; null without answers
    """
    asked = _asked(tables["answers"], context)
    searched = _with_answers(tables["events"], asked)
    lines = counted_lines({**tables, "events": searched}, context, _READ)
    terms = lines.filter(lines.event.isin(_SEARCHES) & lines.search_term.notnull())
    written = context.through(terms.select("search_term").distinct(), folded_terms, _WRITTEN)
    written = context.keep(written)
    visits = _visits(with_visit(lines, context.session_gap_minutes), written)
    visits = context.keep(visits, each=SHOPPER_ID)
    return (
        _counted(visits)
        .left_join(_spelled(terms, written), "query")
        .drop("query_right")
        .left_join(_zero_shares(asked, written), "query")
        .drop("query_right")
    )


def _asked(answers: ibis.Table, context: DeriveContext) -> ibis.Table:
    """First pages of searches by words: who, when, what, and whether anything was found."""
    answers = answers.filter(answers.kind == "search")
    asked = context.through(answers.select("query_id", "request", "item_ids"), first_pages, _ASKED)
    return context.keep(
        asked.inner_join(answers, asked.event_id == answers.query_id).select(
            *_ASKED.names, "ts", "user_id", "session_id"
        )
    )


def first_pages(answers: pa.Table) -> pa.Table:
    """What `_ASKED` says of answers, those of later pages and without words left out."""
    rows = []
    for answer in answers.to_pylist():
        request = orjson.loads(answer["request"])
        term = spaced(str(request.get("q") or ""))
        if term and (request.get("page") or 1) == 1:
            found = bool(answer["item_ids"]) or bool(request.get("filters"))
            rows.append((answer["query_id"], request.get("visitor_id"), term, found))
    columns = zip(*rows, strict=True) if rows else ((),) * len(_ASKED)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _ASKED, strict=True)], _ASKED)


def _with_answers(events: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """Events and, as lines among them, the searches that were answered."""
    given = {
        "line": ibis.literal(0, "int32"),
        "event": ibis.literal("search"),
        **{name: asked[name] for name in ("event_id", "ts", "user_id", "visitor_id")},
        **{name: asked[name] for name in ("session_id", "search_term")},
    }
    schema = events.schema()
    lines = asked.select(
        **{
            name: given[name].cast(schema[name]) if name in given else ibis.null(schema[name])
            for name in schema.names
        }
    )
    return events.union(lines)


def folded_terms(terms: pa.Table) -> pa.Table:
    """(search_term, query, text) of those that may be a query: `fold`ed, and in lower case."""
    given = [term for term in terms["search_term"].to_pylist() if len(term) <= LONGEST_QUERY]
    rows = {
        "search_term": given,
        "query": [spaced(fold(term)) for term in given],
        "text": [spaced(normalize("NFKC", term).casefold()) for term in given],
    }
    return pa.table(rows, _WRITTEN).filter(pa.compute.not_equal(pa.array(rows["query"]), ""))


def _visits(lines: ibis.Table, written: ibis.Table) -> ibis.Table:
    """One row for each query of a visit: when last, and what followed before the next search."""
    lines = lines.mutate(is_search=lines.event.isin(_SEARCHES) & lines.search_term.notnull())
    # Nothing else tells of a search, and all that is left is sorted.
    lines = lines.filter(lines.is_search | lines.event.isin(_CLICKS))
    keys = [SHOPPER_ID, VISIT]
    window = ibis.cumulative_window(group_by=keys, order_by=[lines.ts, lines.event_id, lines.line])
    numbered = lines.mutate(search_number=lines.is_search.cast("int64").sum().over(window))
    steps = numbered.filter(numbered.search_number > 0).group_by([*keys, "search_number"])
    parts = steps.aggregate(
        search_term=_.search_term.max(where=_.is_search),
        ts=_.ts.max(where=_.is_search),
        clicked=_.event.isin(_CLICKS).any(),
        bought=(_.event == "purchase").any(),
    )
    found = parts.inner_join(written, "search_term")
    return found.group_by([*keys, "query"]).aggregate(
        ts=found.ts.max(), clicked=found.clicked.any(), bought=found.bought.any()
    )


def _counted(visits: ibis.Table) -> ibis.Table:
    newest = visits.aggregate(newest=visits.ts.max())
    aged = visits.cross_join(newest)
    days = (aged.newest.epoch_seconds() - aged.ts.epoch_seconds()) / 86_400
    aged = aged.mutate(weight=(-days / HALF_LIFE_DAYS * ibis.literal(2.0).ln()).exp())
    return aged.group_by("query").aggregate(
        shoppers=aged[SHOPPER_ID].nunique(),
        searches=aged.count(),
        recent_searches=aged.weight.sum(),
        clicks=aged.clicked.sum(),
        purchases=aged.bought.sum(),
        last_ts=aged.ts.max(),
    )


def _spelled(terms: ibis.Table, written: ibis.Table) -> ibis.Table:
    """The text of each query that most lines have; of two, the first in order."""
    texts = terms.inner_join(written, "search_term").group_by(["query", "text"])
    counted = texts.aggregate(n=_.count())
    nth = ibis.row_number().over(group_by=counted.query, order_by=[counted.n.desc(), counted.text])
    return counted.mutate(nth=nth).filter(_.nth == 0).select("query", "text")


def _zero_shares(asked: ibis.Table, written: ibis.Table) -> ibis.Table:
    found = asked.inner_join(written, "search_term")
    return found.group_by("query").aggregate(zero_share=ibis.ifelse(found.found, 0.0, 1.0).mean())


QUERY_STATISTICS = Asset(
    name="query_statistics",
    description="What shoppers search for: how many, how lately, and what came of it.",
    owner="search",
    keys=("query",),
    sensitivity=Sensitivity.PERSONAL,
    # What people search for names them, see the asset events.
    personal={"query": Masking.DROPPED, "text": Masking.DROPPED},
    inputs=("events", "answers", "shopper_flags"),
    build=build,
    checks=(required("query", "Report this."), required("text", "Report this.")),
    schema=pa.schema(
        [
            ("query", pa.string()),
            ("text", pa.string()),
            ("shoppers", pa.int64()),
            ("searches", pa.int64()),
            ("recent_searches", pa.float64()),
            ("clicks", pa.int64()),
            ("purchases", pa.int64()),
            ("zero_share", pa.float64()),
            ("last_ts", MOMENT),
        ]
    ),
)

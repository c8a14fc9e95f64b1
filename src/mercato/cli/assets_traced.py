"""What `mercato assets --trace` prints: from a card back to the lines of the files behind it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mercato.cli.output import print_json, print_table
from mercato.cli.recording import reader
from mercato.core.columns import TITLE
from mercato.data.tracing.records import shown
from mercato.data.tracing.rows import TracedRow
from mercato.operating.tracing.evidence import Evidence
from mercato.operating.tracing.trace import Trace, trace_answer, trace_item_alone
from mercato.ranking.reasons import Reason

Row = tuple[Any, ...]


def traced(folder: Path, query_id: str, item_id: str | None, as_json: bool) -> None:
    """One item of a logged answer."""
    _print(trace_answer(folder, query_id, item_id, reader("assets --trace")), as_json)


def traced_item(folder: Path, item_id: str, as_json: bool) -> None:
    """An item of the current release, without an answer."""
    _print(trace_item_alone(folder, item_id), as_json)


def _print(trace: Trace, as_json: bool) -> None:
    if as_json:
        print_json(_json(trace))
        return
    print_table(("traced", ""), [*_answer(trace), *_release(trace)])
    print_table(
        ("asset", "version", "rows", "changed (UTC)", "made from", "sha256"),
        [
            (
                *(of.name, of.version, f"{of.rows:,}", _time(of.committed_at)),
                "\n".join(of.origin.told()) or of.origin.made_by,
                "\n".join(checksum[:16] for checksum in of.origin.sources.values()),
            )
            for of in trace.assets
        ],
        right=("version", "rows"),
    )
    print_table(("what", "line", "file", "says"), list(_lines(trace)), right=("line",))


def _answer(trace: Trace) -> Iterator[Row]:
    item = trace.item
    title = "" if item.then is None else item.then.row.get(TITLE, "")
    yield "item", f"{item.item_id} {title}"
    answer = trace.answer
    if answer is not None and trace.place is not None:
        what = f"shelf {answer.placement}" if answer.kind == "shelf" else answer.kind
        whom = answer.user_id or answer.visitor_id or "nobody known"
        yield "answer", f"{answer.query_id}: {what} for {whom} at {_micros(answer.ts)}"
        place, of = trace.place, len(answer.item_ids)
        score = answer.scores[place]
        yield "shown", f"at position {answer.positions[place]}, one of {of}, score {score:.4g}"
    if trace.card is not None:
        yield "reason", f"{_reason(trace.card.reason)}, by {trace.card.retriever}"
    if trace.same is not None:
        same = "the same items" if trace.same else "others: something changed since"
        yield "asked again", f"release {trace.number} answers {same}"
    yield from _changes(trace)


def _reason(reason: Reason) -> str:
    said = {key: value for key, value in reason.to_json().items() if key != "code"}
    if "last_ts" in said:
        said["last_ts"] = _micros(said["last_ts"])
    return " ".join([str(reason.code), *(f"{key} {value}" for key, value in said.items())])


def _changes(trace: Trace) -> Iterator[Row]:
    item = trace.item
    if item.withdrawn:
        yield "changed since", "it is no longer in the newest version"
    for name, (then, now) in (item.now or {}).items():
        yield "changed since", f"{name}: {then} → {now}"
    for change in item.changes:
        yield "through the API", f"change {change.seq}, {change.change}: {dict(change.fields)}"


def _release(trace: Trace) -> Iterator[Row]:
    if trace.release is None:
        yield "release", f"{trace.number}, which is not kept any more"
        return
    made = trace.release
    until = f", told to stop at {made.until}" if made.until else ""
    yield "release", f"{trace.number}, made at {made.created_at[:19].replace('T', ' ')} (UTC)"
    yield "learned", f"up to {_micros(made.as_of)}{until}"
    yield "steps", ", ".join(made.steps)
    if trace.gone:
        yield "no longer kept", ", ".join(trace.gone)


def _lines(trace: Trace) -> Iterator[Row]:
    item = trace.item
    if item.then is None:
        yield "the item", None, None, "it came through the API after the release"
    else:
        yield _line("the item", item.then)
    if item.imported is not None:
        yield _line("as imported before", item.imported)
    for evidence in trace.evidence:
        for event in evidence.late:
            says = f"{_micros(event.ts)} {event.event} {event.item_id}"
            yield evidence.what, None, "the running shop", says
        for row in evidence.rows:
            yield _line(evidence.what, row)
        if not evidence.rows and not evidence.late:
            yield evidence.what, None, None, "nothing"


def _line(what: str, row: TracedRow) -> Row:
    file = None if row.source is None else row.source.file
    return what, row.line, file, row.trouble if row.text is None else shown(row.text)


def _json(trace: Trace) -> dict[str, Any]:
    answer, item, release = trace.answer, trace.item, trace.release
    return {
        "answer": None if answer is None or trace.place is None else _answer_json(trace),
        "reason": None if trace.card is None else trace.card.reason.to_json(),
        "retriever": None if trace.card is None else trace.card.retriever,
        "asked_again_same": trace.same,
        "release": None
        if release is None
        else {
            "number": trace.number,
            "created_at": release.created_at,
            "as_of": _iso(release.as_of),
            "until": release.until,
            "inputs": dict(release.inputs),
            "steps": {name: dict(step) for name, step in release.steps.items()},
        },
        "assets": [
            {"asset": of.name, "version": of.version, "made_from": list(of.origin.told())}
            | {"sources": dict(of.origin.sources), "inputs": dict(of.origin.inputs)}
            for of in trace.assets
        ],
        "gone": list(trace.gone),
        "item": None if item.then is None else _row_json(item.then),
        "imported": None if item.imported is None else _row_json(item.imported),
        "changed_since": {
            name: {"then": _plain(then), "now": _plain(now)}
            for name, (then, now) in (item.now or {}).items()
        },
        "withdrawn": item.withdrawn,
        "api_changes": [
            {"seq": each.seq, "change": str(each.change), "fields": dict(each.fields)}
            for each in item.changes
        ],
        "evidence": [_evidence_json(each) for each in trace.evidence],
    }


def _answer_json(trace: Trace) -> dict[str, Any]:
    answer, place = trace.answer, trace.place
    assert answer is not None and place is not None
    return {
        "query_id": answer.query_id,
        "ts": _iso(answer.ts),
        "kind": answer.kind,
        "placement": answer.placement,
        "user_id": answer.user_id,
        "visitor_id": answer.visitor_id,
        "item_id": trace.item.item_id,
        "position": answer.positions[place],
        "score": answer.scores[place],
        "item_ids": list(answer.item_ids),
    }


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
    late = [event._asdict() | {"ts": _iso(event.ts)} for event in evidence.late]
    return {
        "what": evidence.what,
        "rows": [_row_json(row) for row in evidence.rows],
        "since_release": late,
    }


def _row_json(row: TracedRow) -> dict[str, Any]:
    source = row.source
    return {
        "asset": row.asset,
        "version": row.version,
        "row": _plain(row.row),
        "file": None if source is None else str(source.file),
        "sha256": None if source is None else source.sha256,
        "line": row.line,
        "text": row.text,
        "trouble": row.trouble,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _iso(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1_000_000, UTC).isoformat().replace("+00:00", "Z")


def _micros(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts / 1_000_000, UTC):%Y-%m-%d %H:%M:%S}"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"

"""An explanation on a terminal: what was understood, why the item is found, what moved it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mercato.cli.output import visible

if TYPE_CHECKING:
    from mercato.search.explained import Explanation, HeldWord, Membership, Part, Reranked

MOST_PARTS = 15
"""Features that are shown; the others add the least."""

_BAR = 24
"""Characters of a bar."""

YES, NO = "✓", "✗"


def print_explanation(found: "Explanation", title: str) -> None:
    """On stdout, with colours where it is a terminal."""
    Console(highlight=False).print(Group(*_lines(found, title)))


def _lines(found: "Explanation", title: str) -> Iterator[RenderableType]:
    place = f"{found.position:,} of {found.total:,}" if found.position else "not shown"
    yield Text.assemble((visible(title), "bold"), f"  ({visible(found.item_id)})")
    yield Text.assemble("  for ", (repr(found.q), "cyan"), "  stands at ", (place, "bold"))
    if found.shown_as is not None:
        yield Text(f"  Its group is shown by {visible(found.shown_as)}.")
    if found.steps:
        yield _heading("Understood")
        yield from (
            Text(f"  {step.name:<10} {visible(step.text)} → {visible(step.made)}")
            for step in found.steps
        )
    yield _heading("Why it is found" if found.membership.found else "Why it is not found")
    yield from _membership(found.membership)
    if found.first_stage:
        total = sum(found.first_stage.values())
        yield _heading(f"First stage  {total:.3f}")
        yield _table((name, "", value) for name, value in found.first_stage.items())
    if found.second_stage is not None:
        yield from _second_stage(found.second_stage)
    if found.rules:
        yield _heading("Rules")
        yield from (Text(f"  {rule.did}: {visible(rule.name)}") for rule in found.rules)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _membership(found: "Membership") -> Iterator[RenderableType]:
    yield from (_word(word) for word in found.words)
    if found.words:
        enough = YES if found.by_words else NO
        needed = f"{found.words_held} words held, {found.words_needed} needed"
        yield Text(f"  {enough} {needed}")
    if found.cosine is not None:
        near = YES if found.cosine >= found.threshold else NO
        yield Text(f"  {near} nearness in meaning {found.cosine:.3f}, needed {found.threshold:g}")
    for each in found.filters:
        yield Text(f"  {YES if each.passed else NO} {visible(each.filter)} ({each.origin})")


def _word(word: "HeldWord") -> Text:
    if not word.known:
        where = "no item has it"
    elif not word.fields:
        where = "not in this item"
    else:
        where = "in " + ", ".join(word.fields)
        where += "" if word.weight == 1 else f", not as typed (counts {word.weight:g})"
    return Text(f"  {YES if word.fields else NO} {visible(word.word)}: {where}")


def _second_stage(found: "Reranked") -> Iterator[RenderableType]:
    yield _heading(f"Second stage  {found.sum:.3f} (shown as {found.score:.4f})")
    parts = [part for part in found.parts if part.contribution][:MOST_PARTS]
    rest = found.sum - found.base - sum(part.contribution for part in parts)
    rows = [(part.feature, _value(part), part.contribution) for part in parts]
    yield _table([("an average candidate", "", found.base), *rows, ("all others", "", rest)])


def _value(part: "Part") -> str:
    return f"{part.value:.3g}"


def _table(rows: Iterable[tuple[str, str, float]]) -> Table:
    """Name, value, what it adds, and that as a bar."""
    shown = list(rows)
    most = max((abs(adds) for _, _, adds in shown), default=0.0) or 1.0
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    for align in ("left", "right", "right", "left"):
        table.add_column(justify="right" if align == "right" else "left")
    for name, value, adds in shown:
        colour = "green" if adds >= 0 else "red"
        bar = Bar(most, 0, abs(adds), width=_BAR, color=colour)
        table.add_row(f"  {name}", value, f"{adds:+.3f}", bar)
    return table

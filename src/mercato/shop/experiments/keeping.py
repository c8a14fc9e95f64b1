"""Keep a shop's experiments: checked against each other, durable, on record, and live at once."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from mercato.core.errors import BadInput, MercatoError, NotFound
from mercato.data.releases import ReleaseStore
from mercato.evaluation.experiments.assignment import checked
from mercato.search.sorting import can_sort
from mercato.shop.experiments.book import design_of
from mercato.shop.experiments.definition import Definition, Status, read_definition
from mercato.shop.opened import Shop
from mercato.shop.revisions import require_revision
from mercato.shop.rules import AlreadyThere, By
from mercato.state import State
from mercato.state.documents import DocumentChange

MOST_EXPERIMENTS = 1_000
"""Of a shop, those that are over among them."""

_ROUNDING = 1e-9


class IsOver(MercatoError):
    """What was asked for needs an experiment that runs."""

    status = 409
    title = "Experiment is over"


def begin_experiment(shop: Shop, document: object, by: By) -> Definition:
    """`create_experiment` in a shop that is open, whose catalogue is asked as well; it runs on this
    worker at once. Raises as that."""
    if isinstance(document, Mapping):
        for arm in read_definition(_with_salt(document)).arms:
            sort = arm.changes.search_sort
            if sort is not None and not can_sort(sort, shop.live.catalogue):
                raise BadInput(
                    f"a field of numbers to sort by in arm {arm.name!r}",
                    repr(sort),
                    "Sort by price.",
                )
    made = create_experiment(shop.state, shop.releases, document, by)
    shop.refresh()
    return made


def _with_salt(document: Mapping[str, object]) -> dict[str, object]:
    return {**document, "salt": document.get("salt") or secrets.token_hex(8)}


def create_experiment(state: State, releases: ReleaseStore, document: object, by: By) -> Definition:
    """Begin an experiment, or put down one that begins later. Servers follow within a second.

    Without ``begin`` it takes the first free range of its layer. Raises BadInput where it does not
    fit by itself or beside the others, AlreadyThere where its name is taken.
    """
    if isinstance(document, Mapping):
        document = _with_salt(document)
    asked = read_definition(document)
    _check_releases(asked, releases)
    finds_room = isinstance(document, Mapping) and document.get("begin") is None

    def plan() -> tuple[list[DocumentChange], Definition]:
        others = experiments_of(state)
        if state.experiments.get(asked.name) is not None:
            raise AlreadyThere("a name that is free", repr(asked.name), "Choose another one.")
        if len(others) >= MOST_EXPERIMENTS:
            raise BadInput(f"at most {MOST_EXPERIMENTS} experiments", "more", "Delete old ones.")
        made = replace(asked, begin=_free(asked, others)) if finds_room else asked
        _check_beside(made, others)
        return [DocumentChange(made.name, made.to_json())], made

    return state.experiments.rewrite(plan, actor=by.actor, action=by.action)


def experiments_of(state: State) -> list[Definition]:
    """All that can be read, by their name."""
    found = []
    for stored in state.experiments.all():
        try:
            found.append(read_definition(stored.document))
        except BadInput:
            continue  # of a newer Mercato: it does not run, see `book`
    return found


def experiment(state: State, name: str) -> Definition:
    """Raises NotFound where there is no such experiment."""
    stored = state.experiments.get(name)
    if stored is None:
        raise NotFound(
            "an experiment of this shop", repr(name), "mercato experiments DIR list shows them."
        )
    return read_definition(stored.document)


def widen(state: State, name: str, share: float, by: By, *, seen: str | None = None) -> Definition:
    """Let more or fewer of all units take part; those who stay, stay in their arm.

    seen : the revision that this rests on, see `shop.revisions`

    Raises BadInput where its layer has no room for that, IsOver where it does not run, OutOfDate
    where it is of another revision.
    """
    if not 0 < share <= 1:
        raise BadInput("a share above 0 up to 1", f"{share:g}", "Write it like 0.2.")

    def change(found: Definition) -> Definition:
        wider = replace(found, share=share)
        _check_beside(wider, experiments_of(state))
        return wider

    return _changed(state, name, by, seen, change)


def stop_experiment(
    state: State, name: str, reason: str, by: By, *, seen: str | None = None
) -> Definition:
    """Break an experiment off: everybody is served as without it. Raises as `widen`."""

    def change(found: Definition) -> Definition:
        return replace(found, status=Status.STOPPED, reason=reason)

    return _changed(state, name, by, seen, change)


def end_experiment(
    state: State, name: str, reason: str, by: By, *, seen: str | None = None
) -> Definition:
    """An experiment has come to its end; its readings stay. Raises as `widen`."""

    def change(found: Definition) -> Definition:
        return replace(found, status=Status.ENDED, reason=reason)

    return _changed(state, name, by, seen, change)


def stop_arm(
    state: State, name: str, arm: str, reason: str, by: By, *, seen: str | None = None
) -> Definition:
    """Serve a variant's units as without the experiment, from now on; the last variant's stop is
    the experiment's. Raises NotFound where it has no such variant, and as `widen`."""

    def change(found: Definition) -> Definition:
        if arm not in [each.name for each in found.variants]:
            raise NotFound(f"a variant of {name!r}", repr(arm), "The control cannot be stopped.")
        arms = tuple(
            replace(each, stopped=reason) if each.name == arm else each for each in found.arms
        )
        left = replace(found, arms=arms)
        if all(each.stopped for each in left.variants):
            left = replace(left, status=Status.STOPPED, reason=f"{arm}: {reason}")
        return left

    return _changed(state, name, by, seen, change)


def delete_experiment(state: State, name: str, by: By, *, seen: str | None = None) -> None:
    """Forget an experiment that is over. Raises NotFound, OutOfDate, and BadInput where it
    runs."""

    def plan() -> tuple[list[DocumentChange], None]:
        found = experiment(state, name)
        require_revision(f"experiment {name!r}", found.to_json(), seen)
        if found.status is Status.RUNNING:
            raise BadInput(f"{name!r} to be over", "it runs", "Stop or end it first.")
        return [DocumentChange(name, None)], None

    state.experiments.rewrite(plan, actor=by.actor, action=by.action)


def served_releases(state: State) -> frozenset[int]:
    """Releases that an experiment needs, or will need."""
    return frozenset(
        arm.changes.release
        for each in experiments_of(state)
        for arm in each.arms
        if each.status is Status.RUNNING and arm.changes.release is not None
    )


def _changed(
    state: State,
    name: str,
    by: By,
    seen: str | None,
    change: Callable[[Definition], Definition],
) -> Definition:
    """An experiment that runs, changed from what it is when the change is written."""

    def plan() -> tuple[list[DocumentChange], Definition]:
        found = experiment(state, name)
        require_revision(f"experiment {name!r}", found.to_json(), seen)
        if found.status is not Status.RUNNING:
            raise IsOver(f"{name!r} to run", f"it {found.status}", "Create another one.")
        changed = change(found)
        return [DocumentChange(name, changed.to_json())], changed

    return state.experiments.rewrite(plan, actor=by.actor, action=by.action)


def _free(made: Definition, others: Iterable[Definition]) -> float:
    """Where the first free range of its layer begins that is wide enough."""
    begin = 0.0
    same = [each for each in others if each.layer == made.layer and each.status is Status.RUNNING]
    for each in sorted(same, key=lambda each: each.begin):
        if each.begin - begin >= made.share - _ROUNDING:
            break
        begin = each.begin + each.share
    if begin + made.share > 1 + _ROUNDING:
        raise BadInput(
            f"room for a share of {made.share:g} in layer {made.layer!r}",
            f"{', '.join(sorted(each.name for each in same))} there",
            "Take a smaller share, another layer, or end one of them.",
        )
    return round(begin, 9)


def _check_beside(made: Definition, others: Iterable[Definition]) -> None:
    """Raises BadInput where ranges meet, or two layers change the same."""
    running = [each for each in others if each.status is Status.RUNNING and each.name != made.name]
    checked(design_of([*running, made]))
    for each in running:
        both = (made.changed & each.changed) - {"segments"}
        if each.layer != made.layer and both:
            raise BadInput(
                f"{sorted(both)[0]} in one layer",
                f"{each.name!r} of layer {each.layer!r} changes it too",
                f'Say "layer": "{each.layer}".',
            )


def _check_releases(made: Definition, releases: ReleaseStore) -> None:
    known, refused = releases.numbers(), releases.refused()
    for arm in made.arms:
        number = arm.changes.release
        if number is not None and (number not in known or number in refused):
            raise BadInput(
                f"a release that may be served in arm {arm.name!r}",
                f"{number}" if number not in known else f"{number}: {refused[number]}",
                "mercato releases DIR lists them.",
            )

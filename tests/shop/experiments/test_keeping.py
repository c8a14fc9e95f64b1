"""Experiments beside each other: ranges, layers, what may be changed, what is on record."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mercato.core.errors import BadInput, NotFound
from mercato.data.releases import MANIFEST, ReleaseStore
from mercato.shop.experiments.definition import Definition, Status
from mercato.shop.experiments.keeping import (
    IsOver,
    create_experiment,
    delete_experiment,
    end_experiment,
    experiment,
    served_releases,
    stop_arm,
    stop_experiment,
    widen,
)
from mercato.shop.revisions import OutOfDate, revision_of
from mercato.shop.rules import AlreadyThere, By
from mercato.state import State

ME = By("me@here", "test")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[State]:
    state = State.open("sqlite:///state.db", tmp_path)
    yield state
    state.close()


def create(state: State, tmp_path: Path, name: str, **changed: Any) -> Definition:
    changes = changed.pop("changes", [{"variety": 0.4}])
    share = 1 / (len(changes) + 1)
    arms = [{"name": "control", "share": share}]
    arms += [{"name": f"v{n}", "share": share, "changes": each} for n, each in enumerate(changes)]
    document = {"name": name, "goal": "conversion", "arms": arms} | changed
    return create_experiment(state, ReleaseStore(tmp_path / "releases"), document, ME)


def test_each_takes_the_first_free_range_of_its_layer(kept: State, tmp_path: Path) -> None:
    assert create(kept, tmp_path, "a", share=0.3).begin == 0
    assert create(kept, tmp_path, "b", share=0.5).begin == 0.3
    with pytest.raises(BadInput, match=r"room for a share of 0\.3 in layer 'default'"):
        create(kept, tmp_path, "c", share=0.3)
    end_experiment(kept, "a", "it is decided", ME)
    assert create(kept, tmp_path, "c", share=0.3).begin == 0
    with pytest.raises(BadInput, match="experiments of a layer that do not meet"):
        create(kept, tmp_path, "d", share=0.1, begin=0.25)


def test_one_setting_belongs_to_one_layer(kept: State, tmp_path: Path) -> None:
    create(kept, tmp_path, "a", share=0.5)
    with pytest.raises(BadInput, match="variety in one layer"):
        create(kept, tmp_path, "b", layer="other", share=0.5)
    create(kept, tmp_path, "b", layer="other", changes=[{"explore": 0.1}])
    create(kept, tmp_path, "c", share=0.5)  # of the same layer: nobody is in both


def test_a_range_grows_into_free_room_only(kept: State, tmp_path: Path) -> None:
    create(kept, tmp_path, "a", share=0.2)
    create(kept, tmp_path, "b", share=0.2, begin=0.5)
    assert widen(kept, "a", 0.5, ME).share == 0.5
    with pytest.raises(BadInput, match="experiments of a layer that do not meet"):
        widen(kept, "a", 0.6, ME)
    with pytest.raises(BadInput, match="a share above 0"):
        widen(kept, "a", 0, ME)


def test_the_last_variant_that_stops_stops_the_experiment(kept: State, tmp_path: Path) -> None:
    create(kept, tmp_path, "a", changes=[{"variety": 0.2}, {"variety": 0.4}])
    assert stop_arm(kept, "a", "v0", "slow", ME).status is Status.RUNNING
    with pytest.raises(NotFound, match="a variant of 'a'"):
        stop_arm(kept, "a", "control", "slow", ME)
    over = stop_arm(kept, "a", "v1", "dear", ME)
    assert (over.status, over.reason) == (Status.STOPPED, "v1: dear")
    assert experiment(kept, "a") == over


def test_what_is_over_stays_so_and_may_be_forgotten(kept: State, tmp_path: Path) -> None:
    create(kept, tmp_path, "a")
    with pytest.raises(AlreadyThere):
        create(kept, tmp_path, "a", layer="other", changes=[{"explore": 0.1}])
    with pytest.raises(BadInput, match="'a' to be over"):
        delete_experiment(kept, "a", ME)
    stop_experiment(kept, "a", "enough", ME)
    with pytest.raises(IsOver):
        widen(kept, "a", 0.5, ME)
    delete_experiment(kept, "a", ME)
    with pytest.raises(NotFound):
        experiment(kept, "a")
    told = [(each.kind, each.key, each.actor) for each in kept.decisions.since()]
    assert told == [("experiment", "a", "me@here")] * 3


def test_only_a_release_that_may_be_served_is_served(kept: State, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        folder = tmp_path / "releases" / str(number)
        folder.mkdir(parents=True)
        (folder / MANIFEST).touch()
    ReleaseStore(tmp_path / "releases").refuse([3], "it knows who was erased")
    for number, said in ((4, "4"), (3, "3: it knows who was erased")):
        with pytest.raises(BadInput, match=f"a release that may be served.*found {said}"):
            create(kept, tmp_path, "a", changes=[{"release": number}])
    create(kept, tmp_path, "a", changes=[{"release": 2}])
    assert served_releases(kept) == {2}
    stop_experiment(kept, "a", "enough", ME)
    assert served_releases(kept) == frozenset()


def at_once(*changes: Callable[[], object]) -> None:
    """Several operators in the same moment."""
    ready = threading.Barrier(len(changes))

    def change(make: Callable[[], object]) -> None:
        ready.wait()
        make()

    threads = [threading.Thread(target=change, args=(each,)) for each in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_operators_at_the_same_moment_do_not_undo_each_other(kept: State, tmp_path: Path) -> None:
    changes = [{"variety": n / 10} for n in range(1, 6)]
    create(kept, tmp_path, "a", share=0.5, changes=changes)
    arms = ("v0", "v1", "v2", "v3")
    at_once(
        lambda: widen(kept, "a", 0.8, ME),
        *(lambda arm=arm: stop_arm(kept, "a", arm, "it hurts", ME) for arm in arms),  # type: ignore[misc]
    )
    left = experiment(kept, "a")
    assert left.share == 0.8
    assert [each.name for each in left.variants if each.stopped] == list(arms)


def test_two_that_begin_at_the_same_moment_share_no_shoppers(kept: State, tmp_path: Path) -> None:
    begun: list[Definition] = []
    names = ("a", "b", "c", "d")
    at_once(
        *(
            lambda name=name: begun.append(create(kept, tmp_path, name, share=0.25))  # type: ignore[misc]
            for name in names
        )
    )
    assert sorted(each.begin for each in begun) == [0, 0.25, 0.5, 0.75]


def test_what_rests_on_another_revision_is_not_done(kept: State, tmp_path: Path) -> None:
    seen = revision_of(create(kept, tmp_path, "a", share=0.3).to_json())
    changed = revision_of(widen(kept, "a", 0.4, ME, seen=seen).to_json())
    for late in (
        lambda: widen(kept, "a", 0.5, ME, seen=seen),
        lambda: stop_experiment(kept, "a", "late", ME, seen=seen),
        lambda: end_experiment(kept, "a", "late", ME, seen=seen),
        lambda: stop_arm(kept, "a", "v0", "late", ME, seen=seen),
    ):
        with pytest.raises(OutOfDate, match="Read it again"):
            late()
    assert experiment(kept, "a").share == 0.4
    end_experiment(kept, "a", "decided", ME, seen=changed)
    with pytest.raises(OutOfDate):
        delete_experiment(kept, "a", ME, seen=changed)

"""What follows an erasure: assets, steps of builds, releases, old versions and their logs.

Each step looks at what there is and takes away what must not be, so that after a kill at any moment
the next round goes on; nothing is remembered but what was found. The ids themselves are kept
nowhere: rows are known by their pseudonyms.
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mercato.core.errors import NotReady
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings
from mercato.data.assets import ASSETS
from mercato.data.auditing import mask_of
from mercato.data.erasing.matching import OF_ASSET, Erased
from mercato.data.erasing.past import OldRows, Past, forget_past, old_files, oldest_entry
from mercato.data.erasing.releases import CLEAN, persons_of, unclean
from mercato.data.erasing.rows import erase_rows, persons_in
from mercato.data.releases import KNOWS_ERASED, ReleaseStore
from mercato.data.store import AssetStore
from mercato.data.versions.summary import is_readable, origin_of
from mercato.operating.learning.shoppers import forget
from mercato.state import State
from mercato.state.erasures import Erasure
from mercato.training.workshop import one_at_a_time

FOUND, RELEASES, OLD, BUILD, PAGES = "found", "releases", "old", "build", "pages"
"""In what is told of an erasure: asset → rows that were there; releases, asset → files of old
versions and steps of builds that still know the person; whether the state's pages are clean."""

_LOOKED = "erasing-looked-"
_STATE = "erasing-state"
_MICROSECONDS_PER_DAY = 86_400_000_000


@dataclass
class Looked:
    """What rounds before have seen.

    seen : number of an erasure → what there was when it was last looked at
    rows : of everybody in old files; None before the first look
    """

    seen: dict[int, object] = field(default_factory=dict)
    rows: OldRows | None = None

    def of(self, everybody: Erased) -> OldRows:
        if self.rows is None or self.rows.everybody.everything != everybody.everything:
            self.rows = OldRows(everybody)
        return self.rows


def carry_out(
    paths: ShopPaths,
    state: State,
    looked: Looked | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Do what can be done now for all erasures; nothing where another process is at it.

    looked   : of the rounds before; where nothing has changed since, old versions are not read anew
    stopping : whether the rest is to be left to the next round

    Raises Conflict where assets were written to by others each time.
    """
    if not state.erasures.newest():
        return
    with state.alone("erasing") as is_mine:
        if is_mine:
            _Round(paths, state, looked or Looked()).do(stopping)


class _Round:
    """One look at everything."""

    def __init__(self, paths: ShopPaths, state: State, looked: Looked) -> None:
        self.looked = looked
        self.paths = paths
        self.state = state
        self.store = AssetStore(paths.assets)
        self.releases = ReleaseStore(paths.releases)
        self.erasures = state.erasures.all()
        self.fresh = tuple(e.number for e in self.erasures if CLEAN not in e.told)
        self.erased = Erased(mask_of(state), self.erasures, frozenset(self.fresh))
        numbers = frozenset(each.number for each in self.erasures)
        self.rows = looked.of(replace(self.erased, everything=numbers))

    def do(self, stopping: Callable[[], bool]) -> None:
        self._late_lines()
        self._note_found()
        if self.fresh:
            forget(self.paths)
        self._assets()
        known = {each.number for each in self.erasures}
        for erasure in self.state.erasures.all():  # anew: one that was done may be open again
            if stopping():
                return
            # One that was asked for meanwhile is the next round's.
            if erasure.done_at is None and erasure.number in known:
                self._finish(erasure)

    def _erasure(self, number: int) -> Erasure:
        found = self.state.erasures.find(number)
        assert found is not None
        return found

    def _tell(self, number: int, **said: Any) -> None:
        """What is told is added to what was told; anything new opens the erasure again."""
        told = dict(self._erasure(number).told) | said
        self.state.erasures.tell(number, told, None)

    def _late_lines(self) -> None:
        """Lines that were on their way, or come from before the erasure: out of the state."""
        looked = _numbers(self.state.get(_STATE))
        newest, gone = dict(looked), dict[str, list[int]]()
        numbers: set[int] = set()
        bounded = replace(self.erased, everything=frozenset())
        for log, seq, ts, who in self.state.erasures.seen(looked):
            newest[log] = seq
            if number := bounded.line(who, ts):
                gone.setdefault(log, []).append(seq)
                numbers.add(number)
        for number in numbers:
            self._tell(number)
        for log, seqs in gone.items():
            self.state.erasures.remove(log, seqs)
        if newest != looked:
            self.state.set(_STATE, " ".join(f"{log}={seq}" for log, seq in newest.items()))

    def _note_found(self) -> None:
        """Before the first row goes, so that a kill takes nothing out of the receipt."""
        wanted = [n for n in self.fresh if FOUND not in self._erasure(n).told]
        if not wanted:
            return
        found = {
            name: persons_in(self.store, name, version, self.erased)
            for name in OF_ASSET
            if (version := self.store.version(name)) is not None
        }
        for number in wanted:
            self._tell(number, found={name: rows[number] for name, rows in found.items()})

    def _assets(self) -> None:
        clean: dict[str, int] = {}
        late: dict[int, dict[str, int]] = {}
        for name in OF_ASSET:
            done = self._asset(name)
            if done is None:
                continue
            version, rows = done
            clean[name] = version
            self.state.set(_LOOKED + name, str(version))
            for number, count in rows.items():
                late.setdefault(number, {})[name] = count
        for number in self.fresh:
            self._tell(number, **{CLEAN: clean})
        for number in late.keys() - set(self.fresh):
            told = self._erasure(number).told
            found = {n: told[FOUND].get(n, 0) + c for n, c in late[number].items()}
            again = {name: clean[name] for name in late[number]}
            self._tell(
                number, found=dict(told[FOUND]) | found, **{CLEAN: dict(told[CLEAN]) | again}
            )

    def _asset(self, name: str) -> tuple[int, Mapping[int, int]] | None:
        """(newest version without anybody, rows that went); None where there is nothing to do."""
        version = self.store.version(name)
        looked = int(self.state.get(_LOOKED + name) or -1)
        if version is None or (not self.fresh and version <= looked):
            return None
        if not self.fresh and ASSETS[name].build is not None and self._is_new(name, version):
            return None
        known = not self.fresh and is_readable(self.store, name, looked)
        files = self.store.files(name, looked) if known else []
        done = erase_rows(self.store, name, self.erased, files)
        return None if done is None else (done.version, done.rows)

    def _is_new(self, name: str, version: int) -> bool:
        """Whether it was made from events that were clean: who stands there has come back."""
        made_from = origin_of(self.store, name, version).inputs.get("events")
        clean = max(e.told[CLEAN].get("events", -1) for e in self.erasures)
        return made_from is not None and made_from >= clean

    def _finish(self, erasure: Erasure) -> None:
        alone = replace(self.erased, erasures=(erasure,), everything=frozenset({erasure.number}))
        due = erasure.at_once or time.time_ns() // 1000 >= goes_at(self.paths, erasure)
        if self.looked.seen.get(erasure.number) == (seen := self._seen(erasure, due=due)):
            return
        steps = self._steps(alone)
        left = self._releases(erasure, due=due)
        old = {
            name: past
            for name in self._watched
            if (past := self._past(name, erasure, alone, due=due)).is_left
        }
        told = dict(erasure.told) | {
            BUILD: steps,
            RELEASES: left,
            OLD: {name: past.to_json() for name, past in old.items()},
            PAGES: self.state.erasures.forget(),
        }
        if told[PAGES]:
            self.looked.seen[erasure.number] = seen
        done = not (steps or left or old) and told[PAGES]
        self.state.erasures.tell(erasure.number, told, time.time_ns() // 1000 if done else None)

    def _seen(self, erasure: Erasure, *, due: bool) -> object:
        """What a look depends on; anew every hour, for files that nobody names."""
        clean = tuple(sorted(erasure.told[CLEAN].items()))
        versions = [self.store.version(name) for name in self._watched] if due else []
        return self._there, clean, versions, int(time.time() // 3_600)

    @cached_property
    def _there(self) -> object:
        """What of the past there is as the round begins: what goes in it the next one sees."""
        old = [
            (name, old_files(self.store, name), oldest_entry(self.store, name))
            for name in self._watched
        ]
        root = self.paths.build
        steps = sorted(each.name for each in root.iterdir()) if root.is_dir() else []
        return old, (*self.releases.numbers(), self.releases.current()), steps

    @cached_property
    def _watched(self) -> Sequence[str]:
        return [name for name in OF_ASSET if self.store.version(name) is not None]

    def _past(self, name: str, erasure: Erasure, alone: Erased, *, due: bool) -> Past:
        clean = erasure.told[CLEAN].get(name)
        return forget_past(self.store, self.releases, name, alone, clean, self.rows, due=due)

    def _steps(self, alone: Erased) -> list[str]:
        """Take away steps of builds that know the person; those that are left."""
        gone = self._knowing(alone)
        if gone:
            try:
                with one_at_a_time(self.paths.build):
                    for folder in gone:
                        shutil.rmtree(folder, ignore_errors=True)
            except NotReady:
                pass  # a build is at work; what it makes is looked at when it is done
        return sorted(folder.name for folder in self._knowing(alone))

    def _knowing(self, alone: Erased) -> list[Path]:
        """Steps of builds, and what killed ones have left, that know the person."""
        beside = [self.paths.build, self.releases.storage.scratch]
        folders = [each for root in beside if root.is_dir() for each in root.iterdir()]
        return [
            each
            for each in folders
            if each.is_dir() and not each.name.isdigit() and persons_of(each, alone)
        ]

    def _releases(self, erasure: Erasure, *, due: bool) -> list[int]:
        """Take away releases that know the person; those that are left."""
        old = unclean(self.releases, erasure)
        self.releases.refuse(old, KNOWS_ERASED)
        current = self.releases.current()
        if current not in old or due:
            for number in old:
                if number != current:
                    self.releases.remove(number)
        return unclean(self.releases, erasure)


def goes_at(paths: ShopPaths, erasure: Erasure) -> int:
    """When old versions go; microseconds since 1970, UTC."""
    days = load_settings(paths.settings).assets.keep_days
    return erasure.ts + days * _MICROSECONDS_PER_DAY


def _numbers(text: str | None) -> dict[str, int]:
    pairs = (each.partition("=") for each in (text or "").split())
    return {name: int(number) for name, _, number in pairs}

"""Frappe in the split of CFM: which app is used next in a context, among all 4,082.

Xin et al. 2019 (https://doi.org/10.24963/ijcai.2019/545). Every line is an app that was used; lines
differ from each other. The test holds one line of each shopper and context that has six or more.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mercato.models.ctr.fields import Examples, History, Rows

ITEM, COST, CONTEXT = 8, 9, slice(1, 8)
"""Columns of a line: the user, seven fields of context, the app, whether it is free."""

LEAST_LINES = 6
"""Lines of a user in a context from which the test takes one."""

NAMES = ("user", "daytime", "weekday", "weekend", "home or work", "weather", "country", "city")

TOP = 150
"""Most used apps that are candidates whether the user used them or not."""

PAST = 10
"""Apps that a user used most, as the list that DIN reads."""


def read_lines(folder: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n, 10) codes of the train's lines and of the test's, each column from 0."""
    parts = []
    for name in ("train.csv.gz", "test.csv.gz"):
        with gzip.open(folder / name, "rt") as file:
            lines = [line.strip().replace(",", "-").split("-") for line in file]
        parts.append(np.array(lines, np.int64))
    least = np.minimum(*(part.min(axis=0) for part in parts))
    return parts[0] - least, parts[1] - least


@dataclass(frozen=True)
class Split:
    """train : (n, 10) lines to learn from; asked: (m, 10) lines whose app is to be found"""

    train: NDArray[np.int64]
    asked: NDArray[np.int64]

    def used(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(row, app) of what was used in each very context that is asked for."""
        contexts = np.concatenate([self.train[:, :ITEM], self.asked[:, :ITEM]])
        number = np.unique(contexts, axis=0, return_inverse=True)[1].ravel()
        own, asked = number[: len(self.train)], number[len(self.train) :]
        row_of = np.full(number.max() + 1, -1)
        row_of[asked] = np.arange(len(asked))
        row = row_of[own]
        return row[row >= 0], self.train[row >= 0, ITEM]


def validation_split(train: NDArray[np.int64], seed: int = 0) -> Split:
    """As the test was taken: one line of each user and context that has enough of them."""
    held = one_of_each(train, LEAST_LINES, seed)
    kept = np.ones(len(train), bool)
    kept[held] = False
    return Split(train[kept], train[held])


def out_of_fold(lines: NDArray[np.int64], least: int, folds: int, seed: int) -> Iterator[Split]:
    """Lines to learn from as they will be asked for: one of each user and context with at least so
    many, a fold at a time, told by all lines but the fold's. (Leaving out each line for itself
    would make an app's count one less wherever it is the answer, which trees find out.)"""
    random = np.random.default_rng(seed)
    for held in np.array_split(random.permutation(one_of_each(lines, least, seed)), folds):
        kept = np.ones(len(lines), bool)
        kept[held] = False
        yield Split(lines[kept], lines[held])


def one_of_each(lines: NDArray[np.int64], least: int, seed: int) -> NDArray[np.int64]:
    """Numbers of lines: one, drawn at random, of each user and context with at least so many."""
    number = np.unique(lines[:, :ITEM], axis=0, return_inverse=True)[1].ravel()
    order = np.random.default_rng(seed).permutation(len(lines))
    first = np.unique(number[order], return_index=True)[1]
    enough = np.bincount(number) >= least
    return np.sort(order[first][enough])


@dataclass(frozen=True)
class Usage:
    """What was used when, counted.

    lines  : (n, 10) by user; starts: (n_users + 1,)
    popular: (n_items,) lines; users: (n_items,) distinct users
    by_context : of each field of context, (n_codes, n_items) lines
    together   : (n_items, n_items) users of both
    """

    lines: NDArray[np.int64]
    starts: NDArray[np.int64]
    popular: NDArray[np.float64]
    users: NDArray[np.float64]
    by_context: tuple[NDArray[np.float32], ...]
    together: NDArray[np.float32]

    @classmethod
    def of(cls, lines: NDArray[np.int64], spans: NDArray[np.int64]) -> "Usage":
        """``spans``: (10,) how many codes each column has."""
        n_users, n_items = spans[0], spans[ITEM]
        lines = lines[np.argsort(lines[:, 0], kind="stable")]
        pairs = np.unique(lines[:, [0, ITEM]], axis=0)
        ones = np.ones(len(pairs), np.float32)
        met = sp.csr_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n_users, n_items))
        by_context = []
        for column in range(1, ITEM):
            counts = np.zeros((spans[column], n_items), np.float32)
            np.add.at(counts, (lines[:, column], lines[:, ITEM]), 1)
            by_context.append(counts)
        return cls(
            lines,
            np.searchsorted(lines[:, 0], np.arange(n_users + 1)),
            np.bincount(lines[:, ITEM], minlength=n_items).astype(np.float64),
            np.bincount(pairs[:, 1], minlength=n_items).astype(np.float64),
            tuple(by_context),
            (met.T @ met).toarray(),
        )

    def candidates(self, line: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Apps that come into question for the line's user and context, and (k, n_features) what
        is known of each."""
        own = self.lines[self.starts[line[0]] : self.starts[line[0] + 1]]
        items = np.union1d(own[:, ITEM], self.most_used)
        personal = self._personal(line, own, items)
        general = self._general(line, own, items)
        return items, np.column_stack([personal, general]).astype(np.float32)

    @cached_property
    def most_used(self) -> NDArray[np.int64]:
        return np.argsort(-self.popular, kind="stable")[:TOP]

    def _personal(
        self, line: NDArray[np.int64], own: NDArray[np.int64], items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The user's lines of each app, in like contexts too, and in this very one."""
        place = np.searchsorted(items, own[:, ITEM])
        alike = own[:, CONTEXT] == line[CONTEXT]  # (lines, 7)
        fields = alike.sum(axis=1)

        def counted(weight: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.float64]:
            return np.asarray(np.bincount(place, weight, len(items)), np.float64)

        lines = counted(np.ones(len(own)))
        columns = [lines, lines / max(len(own), 1)]
        columns += [counted(each) / max(each.sum(), 1) for each in alike.T]
        columns += [counted(fields >= least) for least in (7, 6, 5, 4)]
        for weight in (np.exp(fields - 7.0), np.exp(alike @ KERNEL - KERNEL.sum())):
            columns.append(counted(weight) / max(weight.sum(), 1e-9))
        return np.column_stack(columns)

    def _general(
        self, line: NDArray[np.int64], own: NDArray[np.int64], items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """How much others use each app, here and beside what the user uses."""
        columns = [self.popular[items], self.users[items]]
        for column, counts in enumerate(self.by_context, start=1):
            here = counts[line[column]]
            columns.append(here[items] / max(here.sum(), 1))
        here = own[(own[:, CONTEXT] == line[CONTEXT]).all(axis=1), ITEM]
        for beside in (np.unique(own[:, ITEM]), here):
            both = self.together[np.ix_(beside, items)]
            likeness = both / (np.sqrt(np.outer(self.users[beside], self.users[items])) + SHRINK)
            likeness[beside[:, None] == items] = 0
            columns += [likeness.sum(axis=0), likeness.max(axis=0, initial=0)]
        constants = (len(own), len(np.unique(own[:, ITEM])), len(here))
        columns += [np.full(len(items), float(each)) for each in constants]
        return np.column_stack(columns)


SHRINK = 10.0
"""Added to the cosine's denominator, against chance meetings. Assumed."""

KERNEL = np.array([1.8, 0.6, 0.6, 0.6, 1.2, 0.6, 0.6])
"""How much it says that a field of the context is the same: the time of day most, where one is
next. Assumed."""


@dataclass(frozen=True)
class Encoded:
    """Lines as rows of fields, with the list of what the user used most beside.

    of_items : (n_items, 2) the app's own fields
    """

    usage: Usage
    of_items: NDArray[np.int32]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, usage: Usage, spans: NDArray[np.int64]) -> "Encoded":
        n_items, lines = len(usage.popular), usage.lines
        of_items = np.zeros((n_items, 2), np.int32)
        of_items[:, 0] = np.arange(n_items) + 1
        of_items[lines[:, ITEM], 1] = lines[:, COST] + 1
        return cls(usage, of_items, tuple((spans + 1).tolist()))

    def rows(
        self,
        lines: NDArray[np.int64],
        items: NDArray[np.int64],
        *,
        counted: bool = False,
    ) -> Rows:
        """Each line's user and context with an app; ``counted``: the lines themselves are among
        those that were counted, and must not tell of themselves."""
        codes = np.column_stack([lines[:, :ITEM] + 1, self.of_items[items]]).astype(np.int32)
        past = self._past(lines, counted)
        return Rows((*NAMES, "app", "cost"), self.sizes, codes, (past,))

    def _past(self, lines: NDArray[np.int64], counted: bool) -> History:
        found = []
        for line in lines:
            own = self.usage.lines[self.usage.starts[line[0]] : self.usage.starts[line[0] + 1]]
            counts = np.bincount(own[:, ITEM])
            if counted:
                counts[line[ITEM]] -= 1
            some = np.flatnonzero(counts)
            found.append(some[np.argsort(counts[some], kind="stable")][-PAST:] + 1)
        offsets = np.concatenate(([0], np.cumsum([len(each) for each in found])))
        return History("app", offsets, np.concatenate(found).astype(np.int32))


def negative_share(usage: Usage) -> NDArray[np.float64]:
    """(n_items,) how often each app is drawn: by the root of how much it is used."""
    share = np.sqrt(usage.popular)
    return np.asarray(share / share.sum())


def with_negatives(encoded: Encoded, lines: NDArray[np.int64], each: int, seed: int) -> Examples:
    """Each of the lines that were counted as a click, and ``each`` apps in its context as no
    clicks, drawn by `negative_share`."""
    random = np.random.default_rng(seed)
    share = negative_share(encoded.usage)
    drawn = random.choice(len(share), (len(lines), each), p=share)
    items = np.column_stack([lines[:, ITEM], drawn]).ravel()
    repeated = np.repeat(np.arange(len(lines)), each + 1)
    rows = encoded.rows(lines, lines[:, ITEM], counted=True).of(repeated)
    rows.codes[:, ITEM:] = encoded.of_items[items]
    return Examples(rows, items == lines[repeated, ITEM])

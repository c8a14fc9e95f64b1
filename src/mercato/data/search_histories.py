"""What all shoppers searched for as arrays: out of the ``search_histories`` asset, into a release
and back. Texts stay outside: a release holds their vectors."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.core.searches import (
    SEARCH_ARRAYS,
    Searches,
    channel_code,
    searched_text,
    text_key,
)
from mercato.data.access import Hidden

MOST_TEXTS = 100_000
"""Texts that are encoded, those searched for most often; two minutes of work. Assumed."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class SearchHistories:
    """
    shopper_ids : (n_users,) string, ascending, of those who searched; named as in `Histories`
    hidden      : says of a shopper's id whether nothing may be known of them any more
    """

    shopper_ids: pa.StringArray
    searches: Searches
    hidden: Hidden | None = None

    @classmethod
    def from_table(cls, table: pa.Table, encode: Encode) -> "SearchHistories":
        """Read the ``search_histories`` asset; searches without words are left out.

        encode : texts → (n, d) float32 vectors
        """
        table = table.combine_chunks().sort_by("shopper_id")
        lists = table["searches"].combine_chunks()
        said = lists.flatten()
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
        texts, text = _texts(said.field("search_term"))
        whole = Searches(
            offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            ts=said.field("ts").cast(pa.int64()).to_numpy(zero_copy_only=False),
            text=text,
            channel=channel_codes(said.field("channel")),
            keys=np.array([text_key(each) for each in texts], np.int64),
            vectors=np.asarray(encode(texts), np.float32),
        )
        ids = table["shopper_id"].combine_chunks().cast(pa.string())
        return cls(ids, whole.where(whole.text >= 0))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in SEARCH_ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self.searches, name))
        ids = pa.table({"shopper_id": self.shopper_ids})
        with pa.OSFile(str(folder / "shoppers.arrow"), "wb") as sink:
            with pa.ipc.new_file(sink, ids.schema) as writer:
                writer.write_table(ids.combine_chunks())

    @classmethod
    def open(cls, folder: Path) -> "SearchHistories":
        """Memory-map what `save` wrote."""
        arrays = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in SEARCH_ARRAYS)
        with pa.memory_map(str(folder / "shoppers.arrow")) as source:
            ids = pa.ipc.open_file(source).read_all()["shopper_id"]
        return cls(ids.chunk(0) if ids.num_chunks else pa.array([], pa.string()), Searches(*arrays))

    def of(self, shopper_id: str) -> Searches | None:
        """The shopper's searches; None for one who is not known, or hidden."""
        if self.hidden is not None and self.hidden(shopper_id):
            return None
        ids = self.shopper_ids
        place = bisect_left(range(len(ids)), shopper_id, key=lambda at: ids[at].as_py())
        if place == len(ids) or ids[place].as_py() != shopper_id:
            return None
        return self.searches.between(place, place + 1)

    def along(self, shopper_ids: pa.StringArray) -> Searches:
        """Of these shoppers (n,), in their order; of others nothing."""
        found = self.searches
        place = pc.fill_null(pc.index_in(shopper_ids, value_set=self.shopper_ids), -1).to_numpy()
        counts = (
            np.where(place >= 0, np.diff(found.offsets)[place], 0) if len(found.ts) else place * 0
        )
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        starts = found.offsets[np.maximum(place, 0)]
        at = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)
        return replace(
            found,
            offsets=offsets,
            ts=found.ts[at],
            text=found.text[at],
            channel=found.channel[at],
        )

    def before(self, moment: int) -> "SearchHistories":
        """Only searches before ``moment`` (microseconds since 1970 UTC)."""
        return replace(self, searches=self.searches.where(self.searches.ts < moment))


def channel_codes(channels: pa.Array) -> NDArray[np.int16]:
    """(n,) see `core.searches.channel_code`."""
    coded = channels.dictionary_encode()
    codes = np.array([channel_code(each) for each in coded.dictionary.to_pylist()] + [0], np.int16)
    places = pc.fill_null(coded.indices, len(codes) - 1).to_numpy(zero_copy_only=False)
    found: NDArray[np.int16] = codes[places]
    return found


def _texts(terms: pa.Array) -> tuple[list[str], NDArray[np.int32]]:
    """The different texts, and (n,) which of them each term is; -1: none, or too seldom."""
    coded = terms.dictionary_encode()
    texts = [searched_text(each) for each in coded.dictionary.to_pylist()]
    different = sorted({each for each in texts if each})
    number = {each: at for at, each in enumerate(different)}
    of_term = np.array([number.get(each, -1) for each in texts] + [-1], np.int32)
    places = pc.fill_null(coded.indices, len(of_term) - 1).to_numpy(zero_copy_only=False)
    text = of_term[places]
    if len(different) <= MOST_TEXTS:
        return different, text
    count = np.bincount(text[text >= 0], minlength=len(different))
    kept = np.sort(np.argsort(-count, kind="stable")[:MOST_TEXTS])
    renumbered = np.full(len(different) + 1, -1, np.int32)
    renumbered[kept] = np.arange(MOST_TEXTS)
    return [different[at] for at in kept.tolist()], renumbered[text]

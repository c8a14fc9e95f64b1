"""Readable titles out of the supermarket's abbreviated fields.

Words and whole phrases that rules cannot read stand in ``complete_journey_words.tsv``.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.columns import PATH_SEPARATOR

LONGEST = 30
"""Characters at which the source cut its texts."""

_LOWER = frozenset("and or with of in the for by to on from".split())


class ReadableProducts(NamedTuple):
    """What shoppers read of each product; arrays of text, (n,) each."""

    title: pa.Array
    brand: pa.Array
    product_type: pa.Array
    size: pa.Array


def readable_products(products: pa.Table) -> ReadableProducts:
    """Of the columns of the table ``products``."""
    reader = Reader.of(products)
    size = _each(products["package_size"], readable_size)
    department = _each(products["department"], reader.group)
    category = _each(products["product_category"], reader.group)
    kind = _each(products["product_type"], reader.kind)
    name = _names(products, reader)
    return ReadableProducts(
        title=_sized(name, size),
        brand=_each(products["brand"], reader.brand),
        product_type=pc.binary_join_element_wise(
            department, category, kind, PATH_SEPARATOR, null_handling="skip"
        ),
        size=size,
    )


@dataclass(frozen=True)
class Reader:
    """Reads texts with the word list and with the words that the source itself spells out.

    vocabulary : how often each word stands in texts that were not cut
    """

    vocabulary: Mapping[str, int]

    @classmethod
    def of(cls, products: pa.Table) -> "Reader":
        vocabulary: Counter[str] = Counter()
        for name in ("product_category", "product_type"):
            for text in pc.unique(products[name]).to_pylist():
                if text and len(text) < LONGEST:
                    vocabulary.update(re.findall(r"[A-Z]{3,}", text))
        return cls(vocabulary)

    def brand(self, text: str) -> str:
        return _list("brand").get(text, text)

    def group(self, text: str) -> str:
        """A department or category: ``SALD DRSNG/SNDWCH SPRD`` as ``Salad Dressing and Sandwich
        Spread``."""
        return _list("group").get(text) or self._read(text, "and")

    def kind(self, text: str) -> str:
        """A kind of product: ``BREAD:ITALIAN/FRENCH`` as ``Italian or French Bread``."""
        return _list("kind").get(text) or self._read(text, "or")

    def name(self, kind: str, category: str | None) -> str:
        """A kind as a title: one that says nothing without its category gets it."""
        said = self.kind(kind)
        if kind not in _list("vague") or not category:
            return said
        what = _list("short").get(category) or self.group(category.split("/")[0])
        if what.endswith(said):
            return what
        return f"{what} {said}" if kind in _list("noun") else f"{said} {what}"

    def _read(self, text: str, conjunction: str) -> str:
        text = re.sub(r"\([^)]*\)?", " ", self._completed(text))
        for written, said in _list("start").items():
            if text.startswith(written):
                text = f"{said} {text[len(written) :]}"
        text = _head_last(text.replace("NON-CARB", "NON-CARBONATED"))
        text = re.sub(r"\bNON[- ](?=[A-Z])", "NON_", text)
        text = re.sub(r"\s+-\s*|-\s+", ", ", text)
        text = re.sub(r"\bW/", " WITH ", text)
        parts = [self._words(part) for part in text.split("/")]
        return _titled(_joined([part for part in parts if part], conjunction))

    def _completed(self, text: str) -> str:
        """Without the half word that the source's cut may have left at the end, or with the word
        that it was cut from."""
        cut = re.search(r"[A-Z]+$", text)
        if len(text) < LONGEST or not cut or cut.group() in self.vocabulary:
            return text
        half = cut.group()
        if half in _list("word"):
            return text
        whole = [word for word in self.vocabulary if word.startswith(half) and len(half) > 2]
        best = max(whole, key=self.vocabulary.__getitem__, default="")
        return text[: cut.start()] + best

    def _words(self, part: str) -> str:
        part = re.sub(r"&", " AND ", part)
        part = re.sub(r"(?<=[A-Z])[-.](?=[A-Z])", " ", part)
        part = re.sub(r"\b([A-Z]+) S\b", r"\1'S", part)
        part = re.sub(r"(\d)(ML|LT|PK|IN|PC)\b", r"\1 \2", part)
        words = (re.fullmatch(r"(\W*)(.*?)([\W_]*)", word) for word in part.split())
        said = (f"{_list('word').get(w[2], w[2])}{w[3].strip('.')}" for w in words if w)
        text = re.sub(r"\s+,", ",", " ".join(said))
        text = re.sub(r"(^|\b)(and|or|AND|OR)\s*$", "", text.strip())
        return re.sub(r"^[\s,.]+|[\s,.]+$", "", text)


def _head_last(text: str) -> str:
    """``BREAD:ITALIAN`` as ``ITALIAN BREAD``, ``ONIONS SWEET`` as ``SWEET ONIONS``, ``NOODLES DRY``
    as ``DRY NOODLES``."""
    head, colon, tail = text.partition(":")
    if colon and tail.strip():
        return tail if head.strip() in _list("drop") else f"{tail} {head}"
    words = text.split()
    if len(words) > 1 and words[0] in _list("plant"):
        return " ".join([*words[1:], words[0]])
    if len(words) > 1 and words[-1] in _list("front"):
        return " ".join([words[-1], *words[:-1]])
    return text


def _joined(parts: list[str], conjunction: str) -> str:
    """``A, B or C``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"


def _titled(text: str) -> str:
    words = text.split()
    return " ".join(
        word.lower() if at and word.lower() in _LOWER else _capital(word)
        for at, word in enumerate(words)
    )


def _capital(word: str) -> str:
    if word in _list("keep"):
        return word
    word = word.lower().replace("_", "-")
    return re.sub(r"(^\W*|-)([a-z])", lambda m: m[1] + m[2].upper(), word)


def readable_size(text: str) -> str:
    """``12 PK/12 OZ`` as ``12 x 12 oz``, ``PT`` as ``1 pint``, ``.50 OZ`` as ``0.5 oz``."""
    text = re.sub(r"^[A-Z]\s{2,}|\s*\(.*", "", text.strip())
    # Marks of the chain's own before the size: AB, ALL, A D, P080; its numbers of five digits.
    text = re.sub(r"^(?:AB|ALL|A D|[PR]\d*)\s+(?=[\d.])|\b\d{5,}\b\s*|\*", "", text).strip()
    text = re.sub(r"(?<![\d.])\.(?=\d)", "0.", text)
    text = re.sub(r"(\.\d*?)0+(?!\d)", lambda m: m[1].rstrip("."), text)
    text = re.sub(r"(\d)([A-Z])", r"\1 \2", text)
    text = re.sub(r"^(.*OZ)/(\d+) ?PK$", r"\2 x \1", text)
    if not re.match(r"(\d+ )?[1357]/(2|4|8|16)\b", text):
        text = re.sub(r"^(\d+) ?(?:PK|PACK|CT)? ?/ ?(?=[\d.])", r"\1 x ", text)
    words = [_list("unit").get(word.strip("."), word.lower()) for word in text.split()]
    if len(words) == 1 and words[0] in _list("unit").values():
        words.insert(0, "1")
    return " ".join(words)


@cache
def _list(kind: str) -> dict[str, str]:
    """One of the lists of ``complete_journey_words.tsv``."""
    text = files(__package__).joinpath("complete_journey_words.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[1]: row[2] if len(row) > 2 else "" for row in rows if row[0] == kind}


def _each(column: pa.ChunkedArray, change: Callable[[str], str]) -> pa.Array:
    """Change every distinct text once."""
    distinct = column.combine_chunks().cast(pa.string()).dictionary_encode()
    changed = pa.array([change(each) for each in distinct.dictionary.to_pylist()], pa.string())
    return changed.take(distinct.indices)


def _names(products: pa.Table, reader: Reader) -> pa.Array:
    """The title of each product, without its size."""
    fields = [products[f"product_{n}"].combine_chunks() for n in ("type", "category")]
    both = pc.binary_join_element_wise(*(pc.fill_null(each, "") for each in fields), "\x1f")

    def name(pair: str) -> str:
        kind, _, category = pair.partition("\x1f")
        return reader.name(kind, category) if kind else reader.group(category)

    department = _each(products["department"], reader.group)
    named = _each(pa.chunked_array([both]), name)
    return pc.coalesce(pc.if_else(pc.equal(named, ""), None, named), department)


def _sized(names: pa.Array, sizes: pa.Array) -> pa.Array:
    """Names with the size behind them, where it is one and the name does not say it."""
    pairs: Iterable[tuple[str, str | None]] = zip(names.to_pylist(), sizes.to_pylist(), strict=True)
    return pa.array(
        [
            name if not size or not size[0].isdigit() or size in name.lower() else f"{name} {size}"
            for name, size in pairs
        ],
        pa.string(),
    )

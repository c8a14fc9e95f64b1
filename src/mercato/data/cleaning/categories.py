"""Category paths: one separator, one spelling."""

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.core.columns import PATH_SEPARATOR
from mercato.data.cleaning.step import Cleaning
from mercato.data.cleaning.texts import over, some

_SEPARATORS = r"\s*(?:›|»|→|::|\||\s/\s|\s\\\s)\s*"
"""A bare slash may be within a name (``Audio/Video``): only the whole import tells, below."""

_ENDS = r"^[\s>]+|[\s>]+$"
_SLASHES_FROM = 0.5


def category_separators() -> Cleaning:
    return Cleaning(
        "category-separators",
        (c.PRODUCT_TYPE,),
        "Levels that `›`, `»`, `→`, `::`, `|` or a slash between spaces keep apart are apart by "
        "` > `.",
        over((c.PRODUCT_TYPE,), _separated),
    )


def _separated(texts: pa.StringArray) -> pa.StringArray:
    if not some(texts, _SEPARATORS):
        return texts
    apart = pc.replace_substring_regex(texts, _SEPARATORS, PATH_SEPARATOR)
    apart = pc.replace_substring_regex(apart, r"\s*>[\s>]*", PATH_SEPARATOR)
    return pc.replace_substring_regex(apart, _ENDS, "")


def category_slashes() -> Cleaning:
    return Cleaning(
        "category-slashes",
        (c.PRODUCT_TYPE,),
        "Where no path of an import has ` > ` and half of them or more have a slash, slashes are "
        "what keeps levels apart.",
        whole=_by_slash,
    )


def _by_slash(values: Mapping[str, int], others: Mapping[str, int]) -> dict[str, str]:
    slashed = {value: count for value, count in values.items() if "/" in value.strip("/")}
    deep = any(PATH_SEPARATOR in value for value in values)
    within_names = any("/" in value for value in others)
    if deep or within_names or sum(slashed.values()) < _SLASHES_FROM * sum(values.values()):
        return {}
    return {
        value: PATH_SEPARATOR.join(filter(None, map(str.strip, value.split("/"))))
        for value in slashed
    }


def category_spellings() -> Cleaning:
    return Cleaning(
        "category-spellings",
        (c.PRODUCT_TYPE,),
        "Names of one level that differ in upper and lower case only get the spelling that most "
        "items have, in the import and in what is there already.",
        whole=_one_spelling,
    )


def _one_spelling(values: Mapping[str, int], others: Mapping[str, int]) -> dict[str, str]:
    """Level by level: the name's spellings under the same parent, whatever the parent's."""
    votes: dict[tuple[str, ...], Counter[str]] = {}
    for value, count in (*values.items(), *others.items()):
        names = value.split(PATH_SEPARATOR)
        for depth, name in enumerate(names, start=1):
            place = tuple(map(_folded, names[:depth]))
            votes.setdefault(place, Counter())[name] += count
    best = {
        place: min(names, key=lambda name: (-names[name], name)) for place, names in votes.items()
    }
    changes = {}
    for value in values:
        names = value.split(PATH_SEPARATOR)
        places = (tuple(map(_folded, names[:depth])) for depth in range(1, len(names) + 1))
        spelled = PATH_SEPARATOR.join(best[place] for place in places)
        if spelled != value:
            changes[value] = spelled
    return changes


def _folded(name: str) -> str:
    return name.casefold()

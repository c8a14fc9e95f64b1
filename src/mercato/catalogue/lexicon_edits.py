"""How likely a word is typed in a certain wrong way: the channel of a noisy-channel speller.

Kernighan, Church & Gale (1990), "A spelling correction program based on a noisy channel model",
https://aclanthology.org/C90-2036/; the order of the costs follows Pollock & Zamora (1984), who
count 50,000 misspellings: most have one error, few the first letter wrong, and a doubled letter is
the one most often lost or gained. The costs themselves are assumed and were only looked at on the
validation half of Home Depot's queries, where .5 more or less changes nothing.
"""

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_STAGGER = (0.0, 0.25, 0.75)
"""How far each row of a keyboard is shifted to the right, in keys."""

_SOUNDS = ("aeiouy", "ckq", "csz", "fv", "gj", "dt", "mn", "bp", "vw", "xz")
"""Letters that are taken for each other by ear."""

SWAPPED = 3.0
SOUND = 3.2
NEIGHBOUR_KEY = 3.5
OTHER_LETTER = 5.0
DOUBLED = 2.2
MISSING = 3.7
EXTRA = 4.2
FIRST_LETTER = 2.0
"""Nats, the negative logarithm of a probability; the last comes on top of the others."""


def _neighbours() -> frozenset[tuple[str, str]]:
    place = {
        key: (column + shift, row)
        for row, (keys, shift) in enumerate(zip(_ROWS, _STAGGER, strict=True))
        for column, key in enumerate(keys)
    }
    return frozenset(
        (one, other)
        for one, (x, y) in place.items()
        for other, (u, v) in place.items()
        if one != other and abs(x - u) <= 1 and abs(y - v) <= 1
    )


_NEIGHBOURS = _neighbours()
_ALIKE = frozenset((one, other) for group in _SOUNDS for one in group for other in group)


def edit_cost(typed: str, meant: str) -> float:
    """Nats of typing ``typed`` for ``meant``: the cheapest way, as optimal string alignment."""
    start = _shared(typed, meant)
    end = _shared(typed[start:][::-1], meant[start:][::-1])
    n, m = len(typed) - end, len(meant) - end
    before: list[float] = []
    row = [0.0]
    for at in range(start, m):
        row.append(row[-1] + _missing(meant, at))
    for i in range(start, n):
        above, row = row, [row[0] + _extra(typed, i)]
        for at, j in enumerate(range(start, m), 1):
            cost = min(
                above[at - 1] + _wrong(typed[i], meant[j], j),
                above[at] + _extra(typed, i),
                row[at - 1] + _missing(meant, j),
            )
            if at > 1 and i > start and typed[i] == meant[j - 1] and typed[i - 1] == meant[j]:
                cost = min(cost, before[at - 2] + SWAPPED + (FIRST_LETTER if j == 1 else 0))
            row.append(cost)
        before = above
    return row[-1]


def _shared(one: str, other: str) -> int:
    """Letters with which both begin."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _wrong(typed: str, meant: str, at: int) -> float:
    if typed == meant:
        return 0.0
    cost = OTHER_LETTER
    if (typed, meant) in _ALIKE:
        cost = SOUND
    elif (typed, meant) in _NEIGHBOURS:
        cost = NEIGHBOUR_KEY
    return cost + (0 if at else FIRST_LETTER)


def _missing(meant: str, at: int) -> float:
    if at and meant[at] == meant[at - 1]:
        return DOUBLED
    return MISSING + (0 if at else FIRST_LETTER)


def _extra(typed: str, at: int) -> float:
    if at and typed[at] == typed[at - 1]:
        return DOUBLED
    return EXTRA + (0 if at else FIRST_LETTER)

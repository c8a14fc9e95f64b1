"""Which asset is made of which, as a drawing whose boxes are links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 150, 26
_ACROSS, _DOWN = 200, 36


@dataclass(frozen=True)
class Box:
    """x, y : of its upper left corner, in pixels; near : whether it is the chosen one, or made of
    it, or what that is made of"""

    name: str
    x: int
    y: int
    near: bool
    chosen: bool


@dataclass(frozen=True)
class Edge:
    """path : as SVG has it, from what is made of to what is made"""

    path: str
    near: bool


@dataclass(frozen=True)
class Drawn:
    """width, height : in pixels"""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def drawn(inputs: Mapping[str, Sequence[str]], chosen: str) -> Drawn:
    """From left to right. inputs : asset → what it is made of; no asset is made of itself."""
    depth: dict[str, int] = {}
    for name in inputs:
        _measure(name, inputs, depth)
    columns: dict[int, list[str]] = {}
    for name in inputs:
        columns.setdefault(depth[name], []).append(name)
    at = {
        name: (column * _ACROSS, row * _DOWN)
        for column, names in columns.items()
        for row, name in enumerate(names)
    }
    near = _near(chosen, inputs)
    boxes = (Box(name, x, y, name in near, name == chosen) for name, (x, y) in at.items())
    edges = (
        Edge(_path(at[source], at[name]), source in near and name in near)
        for name, sources in inputs.items()
        for source in sources
    )
    return Drawn(
        max(x for x, _ in at.values()) + WIDTH,
        max(y for _, y in at.values()) + HEIGHT,
        tuple(boxes),
        tuple(edges),
    )


def _measure(name: str, inputs: Mapping[str, Sequence[str]], depth: dict[str, int]) -> int:
    """Steps from what is imported."""
    if name not in depth:
        below = (_measure(each, inputs, depth) + 1 for each in inputs[name])
        depth[name] = max(below, default=0)
    return depth[name]


def _near(chosen: str, inputs: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The chosen asset, all that it is made of, and all that is made of it."""
    above, below = {chosen}, {chosen}
    for name in inputs:  # an asset stands behind its inputs
        if below.intersection(inputs[name]):
            below.add(name)
    for name in reversed(list(inputs)):
        if name in above:
            above.update(inputs[name])
    return frozenset(above | below)


def _path(source: tuple[int, int], target: tuple[int, int]) -> str:
    x, y = source[0] + WIDTH, source[1] + HEIGHT // 2
    to_x, to_y = target[0], target[1] + HEIGHT // 2
    middle = (x + to_x) // 2
    return f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"

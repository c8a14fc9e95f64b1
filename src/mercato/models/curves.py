"""How a training went on its way, kept beside what came of it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "curves.json"


@dataclass(frozen=True)
class Curve:
    """
    name   : of what was measured, as ``loss``
    each   : after which it was measured again, as ``pass`` or ``tree``
    values : in their order
    """

    name: str
    each: str
    values: tuple[float, ...]


def save_curves(folder: Path, curves: Iterable[Curve]) -> None:
    """Write those that have values; ``folder`` is there."""
    told = [asdict(curve) for curve in curves if curve.values]
    if told:
        (folder / FILE).write_text(json.dumps(told))


def open_curves(folder: Path) -> dict[str, tuple[Curve, ...]]:
    """Those of a folder and of all below it, by where they lie: empty for the folder itself."""
    return {
        "" if path.parent == folder else path.parent.relative_to(folder).as_posix(): tuple(
            Curve(**each | {"values": tuple(each["values"])})
            for each in json.loads(path.read_text())
        )
        for path in sorted(folder.rglob(FILE))
    }

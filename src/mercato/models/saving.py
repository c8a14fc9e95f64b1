"""Save a frozen dataclass of arrays and numbers, and map it back into memory. No pickle."""

import json
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Self, get_type_hints

import numpy as np

from mercato.core.errors import NotReady

_FORMAT = 1
"""The version of the layout that this Mercato writes and reads."""

_ABOUT = "model.json"


@dataclass(frozen=True)
class Saved:
    """Array fields lie in one ``.npy`` each, those that are `Saved` themselves in a folder each,
    all others in ``model.json``. A field with a default takes it where nothing lies: what was
    written before there was such a field still opens."""

    def save(self, folder: Path) -> None:
        """Write into ``folder``, which is made where it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        about: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                np.save(folder / f"{each.name}.npy", value, allow_pickle=False)
            elif isinstance(value, Saved):
                value.save(folder / each.name)
            else:
                about[each.name] = value
        whole = {"format": _FORMAT, "model": type(self).__name__, "fields": about}
        (folder / _ABOUT).write_text(json.dumps(whole, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what ``save`` wrote; arrays are memory-mapped, read only.

        Raises NotReady where there is none, or one of another kind or format.
        """
        try:
            whole = json.loads((folder / _ABOUT).read_text())
            about = _checked(whole, cls.__name__, folder)
            kinds = get_type_hints(cls)
            parts = {
                each.name: _part(folder, each.name, kinds[each.name])
                for each in fields(cls)
                if each.name not in about and (each.default is MISSING or _lies(folder, each.name))
            }
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError) as error:
            raise _not_ready(cls.__name__, folder, str(error)) from None
        return cls(**about, **parts)


def _checked(whole: dict[str, Any], name: str, folder: Path) -> dict[str, Any]:
    found = (whole.get("model"), whole.get("format"))
    if found != (name, _FORMAT):
        raise _not_ready(name, folder, f"{found[0]} of format {found[1]}")
    fields_: dict[str, Any] = whole["fields"]
    return fields_


def _lies(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.npy").is_file()


def _part(folder: Path, name: str, kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Saved):
        return kind.load(folder / name)
    return _mapped(folder / f"{name}.npy")


def _mapped(path: Path) -> np.ndarray[Any, Any]:
    """A plain array over the mapped file: slicing a ``np.memmap`` costs several times as much."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False)).view(np.ndarray)


def _not_ready(name: str, folder: Path, found: str) -> NotReady:
    return NotReady(
        f"a {name} of format {_FORMAT} in {folder}",
        found,
        "Build a release with: mercato build",
    )

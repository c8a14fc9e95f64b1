"""What a backup holds; its last member, ``manifest.json``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import orjson

from mercato.core.errors import BadInput

MANIFEST = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Member:
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Held:
    """The version of an asset that is the present one in the backup, and its rows."""

    version: int
    rows: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    created_at : ISO 8601, UTC
    shop       : its name
    current    : the published release; None where none is
    assets     : asset → what of it is the present
    logs       : log of the state → the highest ``seq`` it has given
    members    : path in the shop's folder → checksum and size
    """

    created_at: str
    mercato: str
    shop: str
    releases: tuple[int, ...]
    current: int | None
    assets: Mapping[str, Held]
    logs: Mapping[str, int]
    members: Mapping[str, Member]
    format: int = FORMAT

    def to_json(self) -> bytes:
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Raises BadInput where the text is no manifest of this format."""
        try:
            found = orjson.loads(text)
            if found["format"] != FORMAT or set(found) != {each.name for each in fields(cls)}:
                raise _foreign(f"format {found['format']}")
            found["releases"] = tuple(found["releases"])
            found["assets"] = {name: Held(**each) for name, each in found["assets"].items()}
            found["members"] = {name: Member(**each) for name, each in found["members"].items()}
            return cls(**found)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise _foreign(repr(error)) from None


def _foreign(found: str) -> BadInput:
    return BadInput(
        f"a backup of format {FORMAT}",
        found,
        "A newer format needs a newer Mercato: pip install -U mercato.",
    )

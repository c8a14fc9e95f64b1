"""What an import looks like beside what came before it, where that is worth a person's look."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Alarm:
    """One thing that changed since the last versions, in words its reader can act on.

    name   : the kind of change, as ``price-level``
    column : the column that changed; None where it is the whole table
    """

    name: str
    asset: str
    column: str | None
    expected: str
    found: str
    remedy: str

    def to_json(self) -> dict[str, str | None]:
        return asdict(self)

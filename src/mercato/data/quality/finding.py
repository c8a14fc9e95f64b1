"""What a look at a whole table found."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One check of one asset. remedy : empty where nothing is wrong"""

    asset: str
    check: str
    health: Health
    found: str
    expected: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}

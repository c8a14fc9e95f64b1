"""Words that a shop never suggests."""

from pathlib import Path

from mercato.catalogue.suggestion_rules import Blocked
from mercato.core.errors import BadInput, NotFound
from mercato.core.settings import SuggestSettings


def read_blocked(settings: SuggestSettings, root: Path) -> Blocked:
    """Those of ``shop.toml`` and of the file it names.

    root : the shop's folder

    Raises NotFound where there is no such file, BadInput where it is no UTF-8.
    """
    if not settings.blocked_file:
        return Blocked.of(settings.blocked)
    path = root / settings.blocked_file
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise NotFound(
            f"blocked words in {path}", "no such file", "Mend [suggest] blocked_file in shop.toml."
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"UTF-8 in {path}", str(error), "Save it as UTF-8.") from None
    return Blocked.of([*settings.blocked, *lines])

"""The merchandising rules of a shop as they are at one moment."""

import logging
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mercato.core.errors import BadInput
from mercato.core.settings import Settings
from mercato.ranking.rules.index import RuleIndex
from mercato.ranking.rules.rule import Rule, read_rule
from mercato.state import State

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RuleBook:
    """Never changed, only swapped.

    version : of the state's rules that these are, or older ones
    rules   : disabled ones as well, by their id
    """

    version: int
    rules: tuple[Rule, ...]
    index: RuleIndex


def read_rule_book(state: State, zone: ZoneInfo) -> RuleBook:
    """The rules as they are in the state now. One that cannot be read, as a newer Mercato may have
    written it, is left out and told in the log."""
    version = state.rules.version()
    rules = []
    for stored in state.rules.all():
        try:
            rules.append(read_rule(stored.document))
        except BadInput as error:
            _log.warning("rule %r is not followed: %s", stored.id, error)
    return RuleBook(version, tuple(rules), RuleIndex.of(rules, zone))


def shop_zone(settings: Settings) -> ZoneInfo:
    """Where the shop's days and hours are meant. Raises BadInput where there is no such zone."""
    name = settings.imports.timezone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(
            "an IANA time zone as [imports] timezone", repr(name), "Write it like Europe/Berlin."
        ) from None

"""Who was erased and how far that has come, and who read what of whom."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from mercato.core.roles import Permission
from mercato.data.auditing import Reader
from mercato.operating.erasing.asking import ask_erasure
from mercato.operating.erasing.receipt import receipt
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.forms import require

PATH = f"{ROOT}/privacy"

_DAYS = 28
_MOST = 100


@dataclass(frozen=True)
class Looked:
    """One reading of personal data; subject : the pseudonym of the only person it was about"""

    at: datetime
    actor: str
    action: str
    asset: str
    purpose: str
    subject: str


@dataclass(frozen=True)
class PrivacyPage:
    """receipts : of erasures, the newest first; see docs/privacy.md
    looks : of the last four weeks, the newest first; ``whose`` narrows them to one pseudonym
    """

    template: ClassVar[str] = "console/privacy.html"
    receipts: tuple[Mapping[str, Any], ...]
    looks: tuple[Looked, ...]
    whose: str
    may_erase: bool


def privacy(ask: Ask) -> Page:
    """Parameters: ``whose``, a pseudonym."""
    state, whose = ask.shop.state, ask.query.get("whose", "").strip()
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    newest = deque(state.audit.since(round(since.timestamp() * 1e6), whose or None), maxlen=_MOST)
    context = PrivacyPage(
        receipts=tuple(
            receipt(ask.shop.paths, state, each.number) for each in reversed(state.erasures.all())
        ),
        looks=tuple(
            Looked(
                datetime.fromtimestamp(each.ts / 1e6, UTC),
                each.actor,
                each.action,
                each.asset,
                each.purpose,
                each.subject or "",
            )
            for each in reversed(newest)
        ),
        whose=whose,
        may_erase=Permission.ERASE in ask.may,
    )
    return Page(context)


def erase(ask: Ask) -> Redirect:
    """``POST /console/privacy/erase``: shopper_id, now (1: old versions go without retention)."""
    shopper_id = require(ask.form, "shopper_id")
    reader = Reader(ask.by.actor, ask.by.action, "erasure")
    at_once = ask.form.get("now") == "1"
    ask_erasure(ask.shop.paths, ask.shop.state, shopper_id, reader, at_once=at_once)
    ask.shop.refresh()
    return Redirect(PATH, "erased")

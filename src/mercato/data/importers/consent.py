"""What a shopper has agreed to, as an event says it in ``consent``.

A boolean is for all; an object is GA4's
(https://developers.google.com/tag-platform/security/concepts/consent-mode): its parameters
``granted`` or ``denied``, or booleans. What is not said is not denied.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from mercato.core.errors import BadInput

CONSENT = "consent"

_ANALYTICS = ("analytics", "analytics_storage")
_PERSONALIZATION = (
    "personalization",
    "personalization_storage",
    "ad_personalization",
    "ad_user_data",
)
_WORDS: Mapping[object, bool] = {True: True, False: False, "granted": True, "denied": False}
_WRITTEN: Mapping[str, bool] = {
    **dict.fromkeys(("true", "yes", "1", "granted"), True),
    **dict.fromkeys(("false", "no", "0", "denied"), False),
}
"""How files write a boolean."""


@dataclass(frozen=True)
class Consent:
    """analytics : whether the event may be kept at all; personalization : with who it was
    granted : whether the latter was said, not only not denied
    """

    analytics: bool = True
    personalization: bool = True
    granted: bool = field(default=False, compare=False)

    @property
    def denied(self) -> bool:
        return not (self.analytics and self.personalization)


ALL = Consent()


def taken_apart(event: object) -> tuple[object, Consent]:
    """An event without its ``consent``, and what that says.

    Raises BadInput for one that cannot be read: what nobody understood is not agreed to.
    """
    if not isinstance(event, dict) or event.get(CONSENT) is None:
        return event, ALL
    rest: dict[str, Any] = {name: value for name, value in event.items() if name != CONSENT}
    return rest, read_consent(event[CONSENT])


def read_consent(said: object) -> Consent:
    """What a value says; none says nothing. Raises BadInput."""
    if said is None:
        return ALL
    if isinstance(said, bool):
        return Consent(said, said, granted=said)
    if not isinstance(said, dict):
        raise _unread(said)
    analytics = all([_granted(said[name]) for name in _ANALYTICS if name in said])
    named = [_granted(said[name]) for name in _PERSONALIZATION if name in said]
    return Consent(analytics, all(named), granted=analytics and bool(named) and all(named))


def written_consent(text: str) -> object:
    """The value that a file writes as a text: a word for all, or a JSON object."""
    text = text.strip()
    if not text:
        return None
    word = _WRITTEN.get(text.lower())
    if word is not None:
        return word
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _granted(value: object) -> bool:
    word = value.lower() if isinstance(value, str) else value
    if not isinstance(word, str | bool) or word not in _WORDS:
        raise _unread(value)
    return _WORDS[word]


def _unread(value: object) -> BadInput:
    return BadInput(
        "consent as true, false or an object of granted and denied",
        repr(value)[:200],
        'Send {"analytics": true, "personalization": false}.',
    )

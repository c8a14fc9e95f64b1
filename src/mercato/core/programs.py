"""Who sends events and is no shopper: programs by the names that they give themselves, and the
shop's own people by their address. What they send is marked, and kept; nothing learns from it."""

import re

BOT = "bot"
"""The attribute of an event that a program sent: true."""

OWN = "own"
"""The attribute of an event that came from an address of the shop's own: true."""

USER_AGENT = "user_agent"
"""The attribute in which events carry their shopper's."""

CRAWLERS = "bot|crawl|spider|slurp|headless|lighthouse|facebookexternalhit"
LIBRARIES = "scrapy|python-requests|curl/|wget"
"""Shops' own servers send events by libraries too, so of a request's header only `CRAWLERS` say
that its shopper is a program."""

NO_CRAWLER = "cubot"
"""A make of telephones."""

_CRAWLER = re.compile(CRAWLERS)
_PROGRAM = re.compile(f"{CRAWLERS}|{LIBRARIES}")


def mark(name: str) -> str:
    """How `BOT` or `OWN` reads in ``attributes``: JSON without spaces, booleans as texts."""
    return f'"{name}":"true"'


def is_marked(attributes: str | None) -> bool:
    """Whether an event's ``attributes`` say that a program sent it, or the shop's own people."""
    return attributes is not None and (mark(BOT) in attributes or mark(OWN) in attributes)


def is_crawler(user_agent: str) -> bool:
    """Whether the header of a request that brings events is of a program in a shopper's place."""
    return _CRAWLER.search(_without_makes(user_agent)) is not None


def is_program(user_agent: str) -> bool:
    """Whether what an event says of its shopper's agent is a program's."""
    return _PROGRAM.search(_without_makes(user_agent)) is not None


def _without_makes(user_agent: str) -> str:
    return user_agent.lower().replace(NO_CRAWLER, "")

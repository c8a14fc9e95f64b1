"""What is written down at the door of who sent an event."""

import pytest

from mercato.core.events import EventRow
from mercato.core.programs import is_crawler, is_program
from mercato.shop.marking import Marking

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CUBOT = "Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE_S) AppleWebKit/537.36"


def row(attributes: str | None = None) -> EventRow:
    return EventRow("e", 0, 1, "view_item", attributes=attributes)


def said(marking: Marking, attributes: str | None = None) -> str | None:
    return marking.row(row(attributes)).attributes


@pytest.mark.parametrize(
    ("agent", "crawler", "program"),
    [
        (GOOGLEBOT, True, True),
        ("Mozilla/5.0 HeadlessChrome/140.0", True, True),
        ("python-requests/2.32", False, True),
        ("curl/8.5.0", False, True),
        (FIREFOX, False, False),
        (CUBOT, False, False),
        ("analytics-node-next/latest", False, False),
        ("", False, False),
    ],
)
def test_who_is_a_program(agent: str, crawler: bool, program: bool) -> None:
    assert (is_crawler(agent), is_program(agent)) == (crawler, program)


def test_marks_join_what_an_event_says() -> None:
    assert said(Marking(), '{"x":1}') == '{"x":1}'
    assert said(Marking(crawler=True)) == '{"bot":"true"}'
    assert said(Marking(crawler=True, own=True), '{"c":1}') == '{"bot":"true","c":1,"own":"true"}'


def test_an_events_own_agent_says_more_than_its_senders() -> None:
    agent = f'{{"user_agent":"{FIREFOX}"}}'
    assert said(Marking(crawler=True), agent) == agent
    bot = said(Marking(), f'{{"user_agent":"{GOOGLEBOT}"}}')
    assert bot == f'{{"bot":"true","user_agent":"{GOOGLEBOT}"}}'


def test_agents_are_not_kept_where_a_shop_does_not_want_them() -> None:
    private = Marking(keep_agents=False)
    assert said(private, f'{{"user_agent":"{FIREFOX}"}}') is None
    assert said(private, f'{{"user_agent":"{GOOGLEBOT}","x":1}}') == '{"bot":"true","x":1}'

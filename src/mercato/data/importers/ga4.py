"""Files of GA4 events: JSON lines or an array of event objects or Measurement Protocol payloads."""

from collections.abc import Mapping
from typing import Any

from mercato.core.columns import Event
from mercato.data.importers.event_logs import EventLog, LeftOut, Told
from mercato.data.importers.ga4_event import payload_events

WITHOUT_COUNTERPART = frozenset(
    """
    ad_click ad_exposure ad_impression ad_query ad_reward add_payment_info add_shipping_info
    adunit_exposure app_clear_data app_exception app_remove app_store_refund
    app_store_subscription_cancel app_store_subscription_convert app_store_subscription_renew
    app_update begin_checkout campaign_details click close_convert_lead close_unconvert_lead
    disqualify_lead dynamic_link_app_open dynamic_link_app_update dynamic_link_first_open
    earn_virtual_currency error exception file_download firebase_campaign
    firebase_in_app_message_action firebase_in_app_message_dismiss
    firebase_in_app_message_impression first_open first_visit form_start form_submit generate_lead
    in_app_purchase join_group level_end level_start level_up notification_dismiss
    notification_foreground notification_open notification_receive notification_send os_update
    page_view post_score qualify_lead screen_view scroll select_content session_start share sign_up
    spend_virtual_currency tutorial_begin tutorial_complete unlock_achievement user_engagement
    video_complete video_progress video_start view_cart view_homepage working_lead
    """.split()
)
"""Events that GA4 collects by itself or recommends, and that ours have no counterpart of
(https://support.google.com/analytics/answer/9234069, …/9267735)."""

_OF_A_ROW = ("item_id", "line")
"""Fields that rows of a plain log have beside the event's, where GA4 has ``items``."""


def _is_one(event: Mapping[str, Any]) -> bool:
    return not any(name in event for name in _OF_A_ROW)


def _events_of(event: dict[str, Any]) -> Told:
    name = event.get("event") or event.get("event_name") or event.get("name")
    known = isinstance(name, str) and name in WITHOUT_COUNTERPART
    return (LeftOut(str(name)) if known else event,)


GA4 = EventLog(
    name="ga4",
    is_one=_is_one,
    events_of=_events_of,
    names={str(event): event for event in Event},
    inside=payload_events,
)
"""Events in GA4's shape; a file of plain rows, one an event line, is not. Names that GA4 does not
know are refused: they are misspelt, or the shop's own."""

"""The assets of a shop, one file each, found here by name."""

from collections.abc import Mapping

from mercato.data.asset import Asset
from mercato.data.assets.answers import ANSWERS
from mercato.data.assets.co_purchase import CO_PURCHASE
from mercato.data.assets.cohorts import COHORTS
from mercato.data.assets.daily_activity import DAILY_ACTIVITY
from mercato.data.assets.daily_funnel import DAILY_FUNNEL
from mercato.data.assets.event_flags import EVENT_FLAGS
from mercato.data.assets.events import EVENTS
from mercato.data.assets.histories import HISTORIES
from mercato.data.assets.item_flags import ITEM_FLAGS
from mercato.data.assets.item_languages import ITEM_LANGUAGES
from mercato.data.assets.item_quality import ITEM_QUALITY
from mercato.data.assets.item_statistics import ITEM_STATISTICS
from mercato.data.assets.items import ITEMS
from mercato.data.assets.judgments import JUDGMENTS
from mercato.data.assets.near_duplicates import NEAR_DUPLICATES
from mercato.data.assets.outcome_baselines import OUTCOME_BASELINES
from mercato.data.assets.popularity import POPULARITY
from mercato.data.assets.profiles import PROFILES
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.assets.query_lists import QUERY_LISTS
from mercato.data.assets.query_statistics import QUERY_STATISTICS
from mercato.data.assets.reformulations import REFORMULATIONS
from mercato.data.assets.search_clicks import SEARCH_CLICKS
from mercato.data.assets.search_histories import SEARCH_HISTORIES
from mercato.data.assets.sessions import SESSIONS
from mercato.data.assets.shopper_flags import SHOPPER_FLAGS
from mercato.data.assets.sources import SOURCES
from mercato.data.assets.users import USERS

ASSETS: Mapping[str, Asset] = {
    asset.name: asset
    for asset in (
        ITEMS,
        EVENTS,
        ANSWERS,
        JUDGMENTS,
        QUARANTINE,
        PROFILES,
        SOURCES,
        NEAR_DUPLICATES,
        ITEM_LANGUAGES,
        ITEM_FLAGS,
        EVENT_FLAGS,
        SHOPPER_FLAGS,
        SESSIONS,
        SEARCH_CLICKS,
        REFORMULATIONS,
        QUERY_STATISTICS,
        QUERY_LISTS,
        DAILY_ACTIVITY,
        DAILY_FUNNEL,
        COHORTS,
        OUTCOME_BASELINES,
        HISTORIES,
        SEARCH_HISTORIES,
        ITEM_STATISTICS,
        ITEM_QUALITY,
        CO_PURCHASE,
        POPULARITY,
        USERS,
    )
}
"""Every asset by its name; an asset stands behind its inputs."""

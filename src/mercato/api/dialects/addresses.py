"""Where each dialect's clients send to, spelled once."""

from collections.abc import Mapping

GA4 = "/mp/collect"
GA4_DEBUG = "/debug/mp/collect"

RETAIL = "/v2/projects"

UBI = ("/ubi_events", "/ubi_queries")
"""Indexes, and addresses to which the JavaScript collector sends."""

UBI_BULK = "/_bulk"

SEGMENT: Mapping[str, str | None] = {
    f"/v1/{name}": kind
    for kind, names in {
        "track": ("track", "t"),
        "identify": ("identify", "i"),
        "page": ("page", "p"),
        "screen": ("screen", "s"),
        "group": ("group", "g"),
        "alias": ("alias", "a"),
        None: ("batch", "b", "import"),
    }.items()
    for name in names
}
"""Address → the type of its one call; None where it takes many. Browsers send to the short ones."""

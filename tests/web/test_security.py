"""Which forms are taken."""

import pytest
from starlette.requests import Request

from mercato.web.security import Forbidden, require_same_origin


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"host": "shop.example:8000", "origin": "http://shop.example:8000"},
        {"host": "shop.example"},
    ],
)
def test_own_forms_are_taken(headers):
    require_same_origin(request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "host": "shop", "origin": "http://shop"},
        {"host": "shop.example", "origin": "http://evil.example"},
        {"host": "shop.example", "origin": "http://shop.example.evil.example"},
        {"host": "shop.example", "origin": "null"},
        {"host": "shop.example:80", "origin": "http://shop.example:81"},
    ],
)
def test_forms_of_other_sites_are_not(headers):
    with pytest.raises(Forbidden, match="sent from this shop"):
        require_same_origin(request(**headers))

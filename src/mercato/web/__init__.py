"""The storefront: plain pages that work without a script, and smoother with our small one."""

from mercato.web.ahead import Ahead
from mercato.web.app import create_web

__all__ = ["Ahead", "create_web"]

"""Who comes in to the console: sign-in, sessions, and what stands before every page."""

from mercato.web.console.access.door import Door, admitted, guards
from mercato.web.console.access.routes import access_routes

__all__ = ["Door", "access_routes", "admitted", "guards"]

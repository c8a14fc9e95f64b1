"""Where somebody goes on who has signed in: to a page of the console, and nowhere else."""

import re

FIRST = "/console/"

_PLAIN = re.compile(r"/console/(?!/)[\x21-\x5b\x5d-\x7e]*")
"""No backslash, which browsers take for a slash, nothing that is no visible ASCII: addresses are
written with percents."""


def safe_next(wanted: str | None) -> str:
    """The address that was asked for, where it is one of the console's."""
    if not wanted or not _PLAIN.fullmatch(wanted) or ".." in wanted:
        return FIRST
    return wanted

"""Contexts of the pages for those who are not signed in yet."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class SignInPage:
    """next : where it goes on
    name    : as it was typed before
    failed  : a key of ``access.failed``; empty where nothing was tried
    nobody  : whether there is nobody yet who could sign in
    """

    template: ClassVar[str] = "console/access/sign_in.html"
    next: str
    name: str = ""
    failed: str = ""
    nobody: bool = False


@dataclass(frozen=True)
class LinkPage:
    """token : of the link
    name, role   : whom it is for
    has_password : whether they have one that they may keep
    refused      : what is wrong with the password that was sent, in English
    """

    template: ClassVar[str] = "console/access/link.html"
    token: str
    name: str
    role: str
    has_password: bool
    refused: str = ""


@dataclass(frozen=True)
class EndedPage:
    """A link that holds no more."""

    template: ClassVar[str] = "console/access/ended.html"

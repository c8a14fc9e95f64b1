"""What a name means, in words that its readers can check."""

from collections.abc import Callable
from dataclasses import dataclass

import ibis


@dataclass(frozen=True)
class Definition:
    """A column, segment, stage or tag, in English and in Chinese."""

    name: str
    english: str
    chinese: str


@dataclass(frozen=True)
class Rule(Definition):
    """A definition that some shoppers meet.

    holds : rows of users → whether each of them meets it; never null
    """

    holds: Callable[[ibis.Table], ibis.Value]

"""From what a shopper typed to what is sought: steps in order, each a pure function.

A step takes an `Understood` and what a release knows, and gives an `Understood`.
"""

from typing import TYPE_CHECKING

from mercato.catalogue.analysis import words
from mercato.catalogue.query import as_sought
from mercato.ranking.understood import Understood
from mercato.search.understanding.codes import read_codes
from mercato.search.understanding.compounds import both_ways
from mercato.search.understanding.entities import name_properties
from mercato.search.understanding.forms import other_forms, without_stop_words
from mercato.search.understanding.intent import tell_category
from mercato.search.understanding.patterns import read_patterns
from mercato.search.understanding.spelling import put_right
from mercato.search.understanding.synonyms import with_synonyms
from mercato.search.understanding.units import other_units, with_leading_zeros

if TYPE_CHECKING:
    from mercato.search.request import SearchContext


def understand(q: str, context: "SearchContext") -> Understood:
    """All steps over a query's text."""
    text = with_leading_zeros(q)
    understood = Understood(q=q, text=text, sought=as_sought(words(text)))
    understood = read_patterns(understood, context.catalogue, context.reading)
    understood = read_codes(understood, context.catalogue)
    understood = other_units(understood, context.catalogue.text)
    if context.forms is not None:
        understood = without_stop_words(understood, context.forms)
        understood = other_forms(understood, context.forms, context.catalogue, unknown=True)
    if context.written is not None:
        meant = context.synonyms.words
        understood = put_right(understood, context.written, context.catalogue, meant)
        understood = both_ways(understood, context.written.compounds, context.catalogue)
    if context.forms is not None:
        understood = other_forms(understood, context.forms, context.catalogue, unknown=False)
    if context.entities is not None:
        understood = name_properties(
            understood, context.entities, context.catalogue, context.reading
        )
    if context.intent is not None and context.reading.properties != "off":
        understood = tell_category(understood, context.intent, context.catalogue)
    return with_synonyms(understood, context.synonyms)

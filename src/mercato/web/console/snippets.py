"""What front ends paste to ask this shop and to tell it what happens, with its address in it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from mercato.core.scopes import Scope
from mercato.shop.keys import Made

UNKNOWN_KEY = "mk_…"
"""Stands where a key is to be put in: its text is told once, and kept nowhere."""


@dataclass(frozen=True)
class Snippet:
    """name : of its texts, ``console.settings.snippet_<name>``"""

    name: str
    code: str


def snippets(origin: str, made: Made | None) -> tuple[Snippet, ...]:
    """All of them, for a shop that answers at ``origin``; ``made``: a key that was just made."""
    tells, asks = (_text(made, scope) for scope in (Scope.EVENTS, Scope.SEARCH))
    script = f'<script src="{origin}/mercato.js" data-key="{tells}"'
    return (
        Snippet("ga4", f"{script} data-ga4></script>"),
        Snippet("script", _SCRIPT.format(script=script)),
        Snippet("instantsearch", _instantsearch(origin, asks)),
        Snippet("search", f'curl -H "Authorization: Bearer {asks}" "{origin}/v1/search?q=tent"'),
    )


def _text(made: Made | None, scope: Scope) -> str:
    return made.text if made is not None and made.key.may(scope) else UNKNOWN_KEY


_SCRIPT = """\
{script}></script>
<script>
  mercato("view_item", {{ items: [{{ item_id: "tent-2" }}] }});
  const items = [{{ item_id: "tent-2", quantity: 1, price: 99 }}];
  mercato("add_to_cart", {{ items, currency: "EUR" }});
  mercato("purchase", {{ transaction_id: "o-17", items }});
</script>"""


def _instantsearch(origin: str, key: str) -> str:
    """Of Algolia's clients, version 5: an application id is asked for and not looked at."""
    found = urlsplit(origin)
    return f"""\
import {{ liteClient }} from "algoliasearch/lite";
import instantsearch from "instantsearch.js";

const searchClient = liteClient("any", "{key}", {{
  hosts: [{{ url: "{found.netloc}", protocol: "{found.scheme}", accept: "readWrite" }}],
}});
instantsearch({{ indexName: "products", searchClient }}).start();"""

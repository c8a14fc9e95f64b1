"""Writes the parts of the documents that the code knows best: commands, settings, routes.

`make docs` writes them; a test fails when they are stale.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast, get_args

import pyarrow as pa
import typer.main
from typer.core import TyperArgument, TyperGroup, TyperOption

from mercato.api import create_api
from mercato.cli import app
from mercato.core import roles, settings
from mercato.core.paths import ShopPaths
from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.assets.users import COLUMNS
from mercato.data.importers import DIALECTS
from mercato.data.importers.event_logs import EventLog
from mercato.data.meanings import meaning
from mercato.data.quality import flags
from mercato.data.users.lifecycle import STAGES
from mercato.data.users.rfm import SEGMENTS
from mercato.data.users.tags import TAGS
from mercato.shop.overload.everything import Overload

if TYPE_CHECKING:
    from mercato.shop.opened import Shop

ROOT = Path(__file__).resolve().parent.parent
NOTICE = "<!-- Written by `make docs` from the code. -->\n"


def commands() -> str:
    """docs/cli.md"""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    parts = [
        f"{NOTICE}\n# The commands\n",
        "Every command exits with 0, with 1 where it failed, with 2 where it was used wrongly.\n"
        "Errors say what was expected, what was found, and the remedy.\n",
    ]
    for name, command in group.commands.items():
        parts.append(f"## mercato {name}\n")
        parts.append(f"{command.help}\n")
        parts.append(f"    {(command.epilog or '').removeprefix('Example: ')}\n")
        shown = [each for each in command.params if not getattr(each, "hidden", False)]
        rows = [_parameter(each) for each in shown if each.name != "help"]
        parts.append(_table(("argument", "what", "default"), rows))
    return "\n".join(parts)


def example(epilog: str | None) -> str:
    return (epilog or "").removeprefix("Example: ")


def _parameter(parameter: Any) -> tuple[str, ...]:
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    written = names
    if isinstance(parameter, TyperArgument):
        written = parameter.metavar or str(parameter.name).upper()
    if isinstance(parameter, TyperOption) and not parameter.is_flag:
        written = f"{names} {parameter.metavar or _kind(parameter.type_descriptor.annotation)}"
    shown = "required" if parameter.required else _default(parameter.default)
    return f"`{written}`", parameter.help or "", shown


def _kind(annotation: Any) -> str:
    if issubclass(annotation, Enum):
        return "|".join(str(each.value) for each in annotation)
    return {int: "N", Path: "PATH"}.get(annotation, "TEXT")


def _default(value: Any) -> str:
    if value in (None, False, "", (), []):
        return ""
    return f"`{str(getattr(value, 'value', value)).replace('True', 'true')}`"


def all_settings() -> str:
    """docs/settings.md"""
    meanings = dict(_attribute_texts())
    parts = [
        f"{NOTICE}\n# shop.toml\n",
        "`mercato init` writes every setting with its default. A setting that is left out has\n"
        "its default; one that does not exist is refused, with the name that is nearest.\n",
    ]
    for table in fields(settings.Settings):
        kind = table.type
        title = f"[{table.name}]"
        if several := get_args(kind):
            kind, title = several[0], f"[[{table.name}]], any number of them"
        assert isinstance(kind, type)
        parts.append(f"## {title}\n")
        rows = [
            (f"`{key.name}`", meanings.get((kind.__name__, key.name), ""), _toml(key))
            for key in fields(kind)
        ]
        parts.append(_table(("setting", "what", "default"), rows))
    return "\n".join(parts)


def _toml(key: "Field[Any]") -> str:
    assert key.default is not MISSING
    return f"`{settings.toml_value(key.default)}`"


FILTERS = """\
## Filters

    brand:"Acme" AND price:10..50 AND NOT color:red

A term is a field and a value; `AND`, `OR`, `NOT` and parentheses join terms. Fields are the items'
columns and every attribute. Values are compared without regard to case; one with spaces stands in
quotes. `10..50` has both ends, `10..<50` leaves out 50, `10..` and `..50` are open. A category
(`product_type`) has all that stands below it. What a facet is called works as a value.
"""


def routes() -> str:
    """docs/api.md"""
    # Which routes there are does not depend on a shop's release, so none is opened.
    stand_in = SimpleNamespace(
        settings=settings.Settings(),
        paths=ShopPaths(ROOT),
        refresh=lambda: None,
        state=SimpleNamespace(answers=SimpleNamespace(again=lambda: None)),
        overload=Overload(settings.ServeSettings()),
    )
    document = create_api(cast("Shop", stand_in)).openapi()
    parts = [
        f"{NOTICE}\n# The HTTP API\n",
        "JSON throughout; the same as OpenAPI at `/openapi.json`, to try out at `/docs`. Every\n"
        "error is an RFC 9457 problem document that says what was expected, what was found and\n"
        "the remedy. An item bears the Google Merchant feed's names, an event GA4's.\n",
    ]
    parts.append(FILTERS)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += _operation(f"{method.upper()} {path}", operation)
    parts.append("# Shapes\n")
    for name, shape in document["components"]["schemas"].items():
        if "properties" in shape:
            rows = [(f"`{each}`", _shape(kind)) for each, kind in shape["properties"].items()]
            parts += [f"## {name}\n", _table(("field", "what it is"), rows)]
    return "\n".join(parts)


def _operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"{operation.get('description', '')}\n"
    rows = [
        (f"`{each['name']}`", each.get("description", ""), _asked(each))
        for each in operation.get("parameters", ())
    ]
    if rows:
        yield _table(("parameter", "what", "default"), rows)
    if body := operation.get("requestBody"):
        yield f"Body: {_content(body)}\n"
    codes: dict[str, list[str]] = {}
    for code, answer in sorted(operation["responses"].items()):
        codes.setdefault(_content(answer), []).append(code)
    yield "".join(f"- {', '.join(same)}: {shape}\n" for shape, same in codes.items())


def _asked(parameter: Mapping[str, Any]) -> str:
    default = parameter["schema"].get("default")
    return "required" if parameter.get("required") else _default(default)


def _content(part: Mapping[str, Any]) -> str:
    shapes = [_shape(each.get("schema", {})) for each in part.get("content", {}).values()]
    return " or ".join(shapes) or "nothing"


def _shape(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a few words, with links to the shapes it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for one_of in ("anyOf", "oneOf"):
        if one_of in schema:
            return " or ".join(dict.fromkeys(map(_shape, schema[one_of])))
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    inside = schema.get("additionalProperties")
    if schema.get("type") == "object" and isinstance(inside, Mapping) and inside:
        return f"object of {_shape(inside)}"
    return str(schema.get("type", "any value"))


def _attribute_texts() -> Iterator[tuple[tuple[str, str], str]]:
    """(class, attribute) → the docstring that stands below the attribute."""
    for node in ast.parse(inspect.getsource(settings)).body:
        if isinstance(node, ast.ClassDef):
            for attribute, below in zip(node.body, node.body[1:], strict=False):
                match attribute, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                        value=ast.Constant(value=str(text))
                    ):
                        yield (node.name, name), " ".join(text.replace("``", "`").split())


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells)


def shoppers() -> str:
    """docs/users.md"""
    parts = [
        f"{NOTICE}\n# What is known of a shopper\n",
        "The asset `users` has one row a shopper, guests included; `mercato users DIR` counts\n"
        "them, `--user ID` shows one. It is derived from the events and the items alone, as of\n"
        "the newest event or `--until`. Each definition stands once in the code, in these words.\n",
    ]
    kinds = {"Segments": SEGMENTS, "Life-cycle stages": STAGES, "Tags": TAGS, "Columns": COLUMNS}
    for title, definitions in kinds.items():
        rows = [(f"`{each.name}`", each.english, each.chinese) for each in definitions]
        parts += [f"## {title}\n", _table(("name", "meaning", "含义"), rows)]
    return "\n".join(parts)


def data() -> str:
    """docs/data.md"""
    parts = [
        f"{NOTICE}\n# The assets of a shop\n",
        "Versioned Delta tables. An imported row is read, cleaned by the steps below in their\n"
        "order, and checked; each import ends with the number of rows that every step changed\n"
        "and the first of them, and a row that fails a check goes to quarantine. Where a feed\n"
        "leaves them out, the currency is the shop's and the availability `in_stock`; nothing\n"
        "else of a row is changed. Flags name what is odd, and change nothing.\n",
    ]
    for asset in ASSETS.values():
        parts += [f"## {asset.name}\n", f"{asset.description} Owner: {asset.owner}.", *_made(asset)]
        columns = [
            (f"`{each.name}`", str(each.type), meaning(asset.name, each.name), _label(asset, each))
            for each in asset.schema
        ]
        parts.append(_table(("column", "type", "what it means", "in exports"), columns))
        meanings = [
            (f"`{name}`", text) for name, text in flags.MEANINGS.get(asset.name, {}).items()
        ]
        steps = [(f"`{each.name}`", _of(each.columns), each.description) for each in asset.cleaning]
        checks = [(f"`{each.name}`", each.expected, each.remedy) for each in asset.checks]
        parts += [
            _table(names, rows)
            for names, rows in (
                (("flag", "what it means"), meanings),
                (("cleaning", "columns", "what it does"), steps),
                (("check", "expected", "remedy"), () if asset.build else checks),
            )
            if rows
        ]
    return "\n".join(parts)


def _made(asset: Asset) -> Iterator[str]:
    keys = f"One row a {_of(asset.keys)}. " if asset.keys else ""
    made = f"Derived from {_of(asset.inputs)}." if asset.inputs else ""
    yield f"{keys}{made}\n"


def _label(asset: Asset, column: pa.Field) -> str:
    return str(asset.personal.get(column.name, ""))


def _of(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def dialects() -> str:
    """docs/dialects.md"""
    feeds = [dialect for dialect in DIALECTS.values() if "items" in dialect.assets]
    logs = [dialect for dialect in DIALECTS.values() if isinstance(dialect, EventLog)]
    parts = [
        f"{NOTICE}\n# Dialects of feeds and logs\n",
        "`mercato import` knows a file by its content; `--format NAME` names what it is.\n"
        "What has no column of ours becomes an attribute.\n\n# Product feeds\n",
    ]
    for feed in feeds:
        parts.append(f"## {feed.name}\n")
        parts += _abouts(inspect.getmodule(type(feed)), type(feed))
    parts.append(
        "# Event logs\n\nAn event that has no counterpart here is left out, and counted under its\n"
        "name when the import ends; one that fails a check goes to quarantine.\n"
    )
    for log in logs:
        parts.append(f"## {log.name}\n")
        parts += _abouts(inspect.getmodule(log.events_of), log.events_of)
        parts.append(_names(log))
    parts.append("The same objects over HTTP: [events of other tools](events.md).\n")
    return "\n".join(parts)


def _abouts(*documented: object) -> list[str]:
    abouts = map(inspect.getdoc, documented)
    return [about.replace("``", "`") + "\n" for about in abouts if about]


def _names(log: EventLog) -> str:
    if all(theirs == ours for theirs, ours in log.names.items()):
        return "Its names of events are ours.\n"
    by_ours: dict[str, list[str]] = {}
    for theirs, ours in log.names.items():
        by_ours.setdefault(ours, []).append(f"`{theirs}`")
    rows = [(f"`{ours}`", ", ".join(theirs)) for ours, theirs in by_ours.items()]
    return _table(("event", f"in {log.name}"), rows)


ACCESS = """\
# Who comes in to the console

The console (`/console/`) is for people, each with a name, a role and a password; programs use
the API with [keys](keys.md). As long as no owner has a password, `mercato serve` and `mercato
demo` print a link at their start that signs an owner in, once. Whoever opens it may set a
password there; then no more links are printed.

    mercato people my-shop add ana --role merchandiser      # prints a link for her
    mercato people my-shop add ben --role analyst --password   # asks for it, or reads it
    mercato people my-shop role ana --role owner
    mercato people my-shop link ben                         # he has forgotten his password
    mercato people my-shop remove ben
    mercato people my-shop

An owner does the same on the console's page *People*; everybody changes their own password under
*My account*. A password has at least 12 characters and is kept as its Argon2id hash; a link holds
for 24 hours (`--hours`) and is kept as its SHA-256. The last owner can neither be removed nor get
another role. What somebody may not do is answered by a page that says which role may.
"""

SAFETY = """\
# Sessions

A session begins with a sign-in and stands in the state; the browser keeps its secret in a signed
cookie that scripts cannot read and forms of other sites do not carry (`HttpOnly`,
`SameSite=Lax`), named `__Host-mercato_console` and sent over https alone where the shop is served
so. It ends with a sign-out, 12 hours after the last look or 7 days after the sign-in
([`[console]`](settings.md)), and at once, on every worker and host, where the person is removed
or gets another role or password. After a sign-in it is another one.

- **Guessing** ends with five failures in a quarter of an hour of one name from one address,
  thirty of one name from anywhere, thirty from one address (of IPv6 a /64): 429. A link opens
  all the same. An unknown name takes as long as a wrong password and is answered alike.
- **On record**: who was added, changed or removed by whom, each sign-in and sign-out and each
  failure, with its address: `mercato audit my-shop --changes`, in the chain that `--verify`
  follows. Neither a password nor its hash is in any log, nor what was typed as a name that
  nobody has.

Behind a reverse proxy the address and https are those of `X-Forwarded-For` and
`X-Forwarded-Proto`, from a proxy on the same machine or one that `FORWARDED_ALLOW_IPS`
names ([Deploying](deploying.md)).

# Forms of other sites (CSRF)

Cookies are Starlette's signed ones. No library checks where forms come from: those of tokens take
theirs from a header, so that plain forms would need a script. Instead browsers say where a
request comes from, and what changes anything is taken by the rules of Go's standard library
([`http.CrossOriginProtection`](https://pkg.go.dev/net/http#CrossOriginProtection)):
`Sec-Fetch-Site` must say `same-origin` or `none`; where a browser does not send it (from before
2023, or over plain http to another machine), the host in `Origin` must be that of `Host`. One that
says neither is refused here, also where it would sign in. The storefront takes it, as Go does: who
is no browser carries nobody's cookie. The API's changes look at `Origin` and let `cors_origins`
pass; a key stands in a header, which no browser adds by itself.

- **It keeps out** forms and scripts of other sites, of other subdomains and of other ports, and a
  sign-in under another name that a visitor never asked for.
- **It does not keep out** a script that runs in our own pages (escaping and the content security
  policy do), nor another application at the same host and port. Where only `Origin` is there to
  look at, a page at this host over http passes for one over https: serve https alone, with HSTS.

A proxy has to pass on `Host` as the browser sent it ([Deploying](deploying.md)).
"""


def access() -> str:
    """docs/access.md"""
    role_rows = [(f"`{each}`", text) for each, text in _member_texts("Role")]
    permission_rows = [
        (f"`{each}`", text, *("yes" if roles.may(role, each) else "" for role in roles.Role))
        for each, text in _member_texts("Permission")
    ]
    parts = [
        f"{NOTICE}\n{ACCESS}",
        "# Roles\n",
        _table(("role", "what for"), role_rows),
        _table(("permission", "what it lets do", *roles.Role), permission_rows),
        SAFETY,
    ]
    return "\n".join(parts)


def _member_texts(kind: str) -> Iterator[tuple[Any, str]]:
    """(member, the docstring that stands below it) of an enumeration in `core.roles`."""
    enumeration = getattr(roles, kind)
    (definition,) = ast.parse(inspect.getsource(enumeration)).body
    assert isinstance(definition, ast.ClassDef)
    for member, below in zip(definition.body, definition.body[1:], strict=False):
        match member, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                yield enumeration[name], " ".join(text.split())


PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": commands,
    "docs/settings.md": all_settings,
    "docs/data.md": data,
    "docs/dialects.md": dialects,
    "docs/api.md": routes,
    "docs/users.md": shoppers,
    "docs/access.md": access,
}


def main() -> None:
    for name, write in PAGES.items():
        (ROOT / name).write_text(write(), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()

"""Writes the parts of the documents that the code knows best: commands, settings, routes.

`make docs` writes them; a test fails when they are stale.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperArgument, TyperGroup, TyperOption

from mercato.cli import app
from mercato.core import settings

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
        rows = [_parameter(each) for each in command.params if each.name != "help"]
        parts.append(_table(("argument", "what", "default"), rows))
    return "\n".join(parts)


def example(epilog: str | None) -> str:
    return (epilog or "").removeprefix("Example: ")


def _parameter(parameter: Any) -> tuple[str, ...]:
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    written = parameter.metavar if isinstance(parameter, TyperArgument) else names
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
    return f"`{getattr(value, 'value', value)}`"


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
        assert isinstance(kind, type)
        parts.append(f"## [{table.name}]\n")
        rows = [
            (f"`{key.name}`", meanings.get((kind.__name__, key.name), ""), _toml(key))
            for key in fields(kind)
        ]
        parts.append(_table(("setting", "what", "default"), rows))
    return "\n".join(parts)


def _toml(key: "Field[Any]") -> str:
    assert key.default is not MISSING
    return f"`{settings.toml_value(key.default)}`"


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


PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": commands,
    "docs/settings.md": all_settings,
}


def main() -> None:
    for name, write in PAGES.items():
        (ROOT / name).write_text(write(), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()

"""Options that take several values at once, as a shell leaves them: ``--items a.csv b.csv``."""

from typing import Any

from typer.core import TyperCommand, TyperOption


class TakesSeveral(TyperCommand):
    """Values behind an option that may be repeated belong to it, up to the next option.

    Where the command's own argument stands behind them, it is the last.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        repeated = {
            name
            for option in self.params
            if isinstance(option, TyperOption) and option.multiple
            for name in option.opts
        }
        return super().parse_args(ctx, _repeated(args, repeated))


def _repeated(args: list[str], options: set[str]) -> list[str]:
    """The same with the option written before each of its values."""
    found: list[str] = []
    has_argument = bool(args) and not args[0].startswith("-")
    at = 0
    while at < len(args):
        if args[at] not in options:
            found.append(args[at])
            at += 1
            continue
        end = at + 1
        while end < len(args) and not args[end].startswith("-"):
            end += 1
        values = args[at + 1 : end]
        argument = (
            [values.pop()] if len(values) > 1 and end == len(args) and not has_argument else []
        )
        found += [part for value in values for part in (args[at], value)] or [args[at]]
        found += argument
        at = end
    return found

"""The command line: one file a command; each parses, calls and prints."""

import errno
import sys
from typing import Annotated

import typer

import mercato
from mercato.cli import (
    assets,
    audit,
    backup,
    batch,
    build,
    check,
    demo,
    doctor,
    evaluate,
    events,
    experiments,
    feeds,
    import_,
    init,
    keys,
    learn,
    people,
    quarantine,
    recommend,
    releases,
    restore,
    rules,
    search,
    serve,
    state,
    synonyms,
    users,
)
from mercato.cli.output import print_error
from mercato.cli.several import TakesSeveral
from mercato.cli.without_pandas import without_pandas
from mercato.core.errors import MercatoError, NotReady

app = typer.Typer(
    name="mercato",
    help="A self-hosted search and recommendation engine for shops.",
    epilog="Start with: mercato demo, or: mercato init DIR",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = {
    "init": init,
    "import": import_,
    "build": build,
    "check": check,
    "learn": learn,
    "evaluate": evaluate,
    "serve": serve,
    "search": search,
    "recommend": recommend,
    "batch": batch,
    "rules": rules,
    "synonyms": synonyms,
    "experiments": experiments,
    "releases": releases,
    "events": events,
    "feeds": feeds,
    "users": users,
    "keys": keys,
    "people": people,
    "assets": assets,
    "audit": audit,
    "state": state,
    "quarantine": quarantine,
    "backup": backup,
    "restore": restore,
    "doctor": doctor,
    "demo": demo,
}
for _name, _module in COMMANDS.items():
    app.command(_name, cls=TakesSeveral, epilog=_module.EXAMPLE)(_module.command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mercato {mercato.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


_DISK_TROUBLE = {
    errno.ENOSPC: "Make room on that disk and run it again; finished steps are kept.",
    errno.EDQUOT: "Make room in your quota and run it again; finished steps are kept.",
    errno.EACCES: "Check whose folder it is, or name another one.",
    errno.EROFS: "Name a folder on a disk that may be written.",
}
"""What a disk may refuse in the middle of any command → the remedy."""


def main() -> None:
    """The console script. What Mercato refuses is printed in three parts, without a traceback."""
    without_pandas()
    try:
        app()
    except MercatoError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _DISK_TROUBLE:
            raise
        place = error.filename or "the shop's folder"
        remedy = _DISK_TROUBLE[error.errno]
        print_error(NotReady(f"to read and write {place}", str(error.strerror), remedy))
        sys.exit(NotReady.exit_code)

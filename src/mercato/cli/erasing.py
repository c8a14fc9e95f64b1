"""`mercato users` with --erase, --receipt, --verify-receipt and --export: one person's data."""

import json
import sys
from pathlib import Path
from typing import Any

from mercato.cli.output import print_json, print_table, say
from mercato.cli.recording import opened_state, reader
from mercato.core.paths import ShopPaths


def erase(folder: Path, shopper_id: str, *, at_once: bool, as_json: bool) -> None:
    """Erase a shopper; prints the receipt as it is by then."""
    from mercato.operating.erasing.asking import ask_erasure
    from mercato.operating.erasing.carrying_out import carry_out
    from mercato.operating.erasing.receipt import receipt
    from mercato.operating.settling import settle

    paths = ShopPaths(folder)
    settle(paths)
    with opened_state(folder) as state:
        asked = ask_erasure(paths, state, shopper_id, reader("users", "erasure"), at_once=at_once)
        carry_out(paths, state)
        told = receipt(paths, state, asked.number)
    _show(told, as_json)
    if not told["done_at"]:
        say("A server or `mercato build DIR` does the rest; see --receipt again later.")


def show_receipt(folder: Path, number: int, *, as_json: bool) -> None:
    """Print a receipt as it stands."""
    from mercato.operating.erasing.receipt import receipt

    with opened_state(folder) as state:
        _show(receipt(ShopPaths(folder), state, number), as_json)


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    done = told["done_at"] or "not yet"
    say(f"Erasure {told['number']} of {told['pseudonym']}, asked {told['asked_at']}, done: {done}")
    names = ("place", "found", "removed", "remaining", "goes")
    rows = [tuple(str(each[name]) for name in names) for each in told["places"]]
    print_table(names, rows, right=names[1:4])


def verify(folder: Path, file: Path, shopper_id: str, *, as_json: bool) -> None:
    """Exits with 1 where something stands beyond what the receipt announces."""
    from mercato.core.errors import BadInput
    from mercato.operating.erasing.verifying import verify_receipt

    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput("a receipt as JSON", str(error), f"See what {file} is.") from None
    with opened_state(folder) as state:
        found = verify_receipt(ShopPaths(folder), state, told, shopper_id)
    if as_json:
        print_json(found)
    else:
        print_table(
            ("place", "found", "announced"),
            [(each["place"], str(each["found"]), str(each["announced"])) for each in found],
        )
    if not all(each["announced"] for each in found):
        say("Something stands where the receipt says that nothing does.")
        sys.exit(1)
    say("Nothing stands beyond what the receipt announces.")


def export(folder: Path, shopper_id: str) -> None:
    """Print all that is known of a shopper, a JSON object a line."""
    import orjson

    from mercato.operating.erasing.exporting import known_of
    from mercato.operating.settling import settle

    settle(ShopPaths(folder))
    with opened_state(folder) as state:
        for line in known_of(ShopPaths(folder), state, shopper_id, reader("users", "export")):
            sys.stdout.write(orjson.dumps(line, option=orjson.OPT_UTC_Z).decode() + "\n")

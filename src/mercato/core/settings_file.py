"""One setting of a ``shop.toml`` is changed, and all else stays as people wrote it."""

import re
from pathlib import Path

from mercato.core.errors import BadInput
from mercato.core.settings import load_settings, toml_value


def write_setting(file: Path, table: str, key: str, value: str) -> None:
    """Let ``[table] key`` say ``value``, at once or not at all.

    Raises BadInput where the place is not found; the file is then as it was.
    """
    text = file.read_text(encoding="utf-8")
    line = f"{key} = {toml_value(value)}"
    part = re.compile(rf"(?ms)^\[{table}\][^\n]*\n(?P<rest>.*?)(?=^\[|\Z)")
    found = part.search(text)
    if found is None:
        changed = f"{text.rstrip()}\n\n[{table}]\n{line}\n"
    else:
        rest, count = re.subn(rf"(?m)^{key}\s*=.*$", lambda _: line, found["rest"], count=1)
        rest = rest if count else f"{line}\n{rest}"
        changed = text[: found.start("rest")] + rest + text[found.end("rest") :]
    fresh = file.with_name(f".{file.name}.new")
    try:
        fresh.write_text(changed, encoding="utf-8")
        if getattr(getattr(load_settings(fresh), table), key) != value:
            raise BadInput(
                f"[{table}] with its {key} in {file}", "another form", f"Write {line!r}."
            )
        fresh.chmod(file.stat().st_mode)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)

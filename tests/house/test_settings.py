"""No setting is dead: each is read somewhere outside the file that declares it."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

import mercato
from mercato.core.settings import Settings

SOURCE = Path(mercato.__file__).parent
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted(SOURCE.rglob("*.py"))
    if path != SOURCE / "core" / "settings.py"
)
NAMES = [
    f"{table.name}.{key.name}"
    for table in fields(Settings)
    for key in fields(*(get_args(table.type) or [table.type])[:1])
]
"""Of a table that may stand any number of times, one is looked at."""


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_is_read(name):
    table, key = name.split(".")
    one = table.removesuffix("s")
    assert re.search(rf"\b(settings|{table}|{one})\.{key}\b", CODE), f"nothing reads {name}"

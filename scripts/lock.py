"""Writes constraints.txt: every package that Mercato, its tests and its build need, pinned.

Run it with the Python of the virtual environment on the oldest supported Python: `make lock`.
Only wheels are taken, so that an installation needs no compiler.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "constraints.txt"
INSTALLER = ["pip", "editables"]
"""pip itself, and what hatchling asks for in an editable installation."""

HEADER = """\
# Every package that Mercato, its tests and its build need, pinned, so that two installations
# a month apart agree. Written by `make lock`; change pyproject.toml instead.
"""


def requirements() -> list[str]:
    """All requirements that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
        *INSTALLER,
    ]


def resolve(wanted: list[str]) -> dict[str, str]:
    """Package → version, as pip would install them into an empty environment."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--only-binary=:all:", "--report=-", *wanted]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    found = [each["metadata"] for each in report["install"]]
    return {each["name"].lower().replace("_", "-"): each["version"] for each in found}


def main() -> None:
    pins = resolve(requirements())
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    TARGET.write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{TARGET.name}: {len(lines)} packages")


if __name__ == "__main__":
    main()

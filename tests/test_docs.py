"""The documents say what the code does: generated parts are fresh, the tour runs."""

import importlib.util
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

import pytest

import command_line
from mercato.cli import COMMANDS

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
RUN = re.compile(r"<!-- run: (.+?) -->\n```bash\n(.*?)```", re.DOTALL)


def script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


docs = script("scripts/docs.py")
tables = script("bench/tables.py")


@pytest.mark.parametrize("name", docs.PAGES)
def test_generated_pages_are_fresh(name):
    assert (ROOT / name).read_text(encoding="utf-8") == docs.PAGES[name](), "run: make docs"


@pytest.mark.parametrize("name", tables.PAGES)
def test_tables_say_what_the_result_files_say(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(tables.BLOCK.findall(text)) == 1
    found = tables.results(tables.RESULTS)
    assert tables.renewed(text, found, tables.PAGES[name]) == text, "run: make docs"


def test_a_table_shows_intervals_and_the_chosen_row():
    rows = [
        {"model": "popularity", "metrics": {"recall@20": 0.1235}},
        {
            "model": "ease",
            "chosen": True,
            "metrics": {"recall@20": {"value": 0.0479, "low": 0.04, "high": 0.05}, "ms": 1234},
        },
    ]
    assert tables._table(rows, "model").splitlines() == [
        "| model | recall@20 | ms |",
        "| --- | --: | --: |",
        "| popularity | .1235 |  |",
        "| **ease** | .0479 (.0400–.0500) | 1,234 |",
    ]


def test_rows_that_share_no_metric_stand_in_tables_of_their_own():
    """`first` and `third` share nothing, but `both` joins them."""
    rows = [
        {"model": "first", "metrics": {"recall": 0.1}},
        {"model": "apart", "metrics": {"seconds": 0.2}},
        {"model": "third", "metrics": {"ms": 0.3}},
        {"model": "both", "metrics": {"ms": 0.4, "recall": 0.5}},
    ]
    found = [[row["model"] for row in part] for part in tables._alike(rows)]
    assert found == [["first", "third", "both"], ["apart"]]


def test_words_and_what_is_beyond_the_measured_stand_as_such():
    rows = [
        {"model": "now", "metrics": {"needs": 4, "by": "one", "fits": True}},
        {"model": "later", "metrics": {"needs": {"value": 9.5, "extrapolated": True}}},
        {"model": "never", "metrics": {"fits": False}},
    ]
    assert tables._table(rows, "model").splitlines() == [
        "| model | needs | by | fits |",
        "| --- | --: | --- | --- |",
        "| now | 4 | one | yes |",
        "| later | 9.5 † |  |  |",
        "| never |  |  | no |",
    ]


def test_each_result_has_a_title_in_each_language_that_shows_it():
    names = {result["name"] for result in tables.results(tables.RESULTS)} | {*tables.EXCERPTS}
    assert names - {*tables.ENGLISH} == set()
    assert {*tables.EXCERPTS} == {*tables.CHINESE}


def test_a_document_may_show_some_results_alone():
    about = {"protocol": "One run.", "data": {}, "commit": "c" * 40, "machine": "m"}
    rows = [{"model": "a", "metrics": {"x": 1}, "seconds": 1.0, "peak_mb": 0.0}]
    results = [{"name": name, "rows": rows} | about for name in ("bandits", "shop")]
    found = tables.block(results, tables.PAGES["docs/experiments.md"])
    assert "Regret of bandits" in found
    assert "Shelves of the demo" not in found


def test_a_readme_shows_a_part_and_the_document_all():
    excerpt = tables.EXCERPTS["search_peers"]
    rows = [
        {"model": f"{data}: tantivy", "metrics": {"p50 ms": 2.5, "p99 ms": 3.5}, "seconds": 1.0}
        | {"peak_mb": 0.0}
        for data in ("icecat", "homedepot")
    ]
    about = {"protocol": "One run.", "data": {}, "commit": "c" * 40, "machine": "m"}
    result = {"name": "search_peers", "rows": rows} | about
    part = tables.block([result], tables.PAGES["README.md"])
    assert "homedepot: tantivy" in part
    assert "icecat" not in part
    assert "p99 ms" not in excerpt.columns
    assert "p99 ms" not in part
    whole = tables.block([result], tables.PAGES["docs/numbers.md"])
    assert all(each in whole for each in ("icecat", "homedepot", "p99 ms", "One run."))


def test_every_setting_has_its_meaning_in_the_documents():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", docs.all_settings(), re.MULTILINE)
    assert len(rows) > 10
    assert [name for name, meaning in rows if not meaning] == []


@pytest.mark.parametrize("name", READMES)
def test_both_readmes_name_the_same_commands(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert RUN.findall(text) == RUN.findall((ROOT / READMES[0]).read_text(encoding="utf-8"))
    for used in re.findall(r"mercato ([a-z]+)", "\n".join(b for _, b in RUN.findall(text))):
        assert used in COMMANDS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_architecture_names_every_room_and_every_dependency():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = project["tool"]["importlinter"]["contracts"]
    rooms = [room for layer in contract["layers"] for room in layer.split(" | ")]
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    packages = [re.match(r"[\w-]+", each).group() for each in wanted]
    assert [name for name in (*rooms, *packages) if f"`{name}`" not in text] == []


def test_headings_and_pictures_of_both_readmes_correspond():
    shapes = []
    for name in READMES:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        marks = [re.match(r"(#+|<!-- .*? -->|!\[)", line) for line in lines]
        shapes.append([mark.group() for mark in marks if mark])
    assert shapes[0] == shapes[1]


@contextmanager
def in_the_background(block: str, environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Runs a server until the tour is over; goes on once it says its address."""
    command = ["bash", "-c", f"exec {block}"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        try:
            said = next((line for line in server.stderr if "http://" in line), None)
            assert said, "the server ended"
            yield
        finally:
            server.terminate()


def _lines(block: str) -> Iterator[str]:
    """Its commands: a quote or a backslash may lead a command over several lines."""
    command = ""
    for line in block.splitlines(keepends=True):
        command += line
        with suppress(ValueError):  # a quote is still open
            shlex.split(command)
            if not line.endswith("\\\n"):
                yield command
                command = ""
    assert not command, block


def test_the_tour_of_the_readme_runs(tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("install curl: apt install curl")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "COLUMNS": "200"}
    blocks = RUN.findall((ROOT / READMES[0]).read_text(encoding="utf-8"))
    (serving,) = (at for at, (expected, _) in enumerate(blocks) if expected == "serve")

    def walk(part: list[tuple[str, str]]) -> None:
        for expected, block in part:
            said = ""
            for line in _lines(block):
                words = shlex.split(line)
                if words[0] == "mercato":
                    done = command_line.mercato(tmp_path, *words[1:])
                else:
                    done = subprocess.run(
                        ["bash", "-c", line.replace("8000", port)],
                        cwd=tmp_path,
                        capture_output=True,
                        text=True,
                        timeout=60,
                        check=False,
                    )
                assert done.returncode == 0, f"{line}\n{done.stderr}"
                said += done.stdout
            assert expected in said, block

    walk(blocks[:serving])
    serve = blocks[serving][1].replace("mercato serve", f"mercato serve --port {port}")
    with in_the_background(serve, environment, tmp_path):
        walk(blocks[serving + 1 :])

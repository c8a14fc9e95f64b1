"""Options that take several values, as shells expand patterns."""

import pytest

from mercato.cli.several import _repeated


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("shop --items a b --full", "shop --items a --items b --full"),
        ("shop --items a --items b c", "shop --items a --items b --items c"),
        ("--items a shop", "--items a shop"),
        ("--items a b shop", "--items a --items b shop"),
        ("--items a b --full shop", "--items a --items b --full shop"),
        ("shop --format x --items", "shop --format x --items"),
        ("shop --items=a --full", "shop --items=a --full"),
    ],
)
def test_values_behind_an_option_are_its_own(written: str, read: str) -> None:
    assert _repeated(written.split(), {"--items"}) == read.split()


def test_files_of_a_pattern_come_in_quoted_or_expanded(mercato, tmp_path):
    mercato("init", "shop")
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"id,title\n{name},Caf\xe9\n", encoding="cp1252")
    files = ("--items", "a.csv", "b.csv", "--encoding", "cp1252")
    done = mercato("import", "shop", *files)
    assert done.stdout.split()[-6:] == ["items", "2", "2", "0", "0", "0"], done.stderr
    again = mercato("import", "shop", "--items", "?.csv", "--encoding", "cp1252")
    assert again.stdout.split()[-6:] == ["items", "2", "0", "2", "0", "0"], again.stderr

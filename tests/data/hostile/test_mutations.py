"""Good files of every dialect, damaged at random: a named error, or rows that add up."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercato.core.errors import MercatoError
from mercato.core.settings import ImportSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.checks import ROW_CHECKS
from mercato.data.importers import DIALECTS, dialect_of, sources_of
from mercato.data.importers.raw import RawBatch, Reading
from mercato.data.importing import import_events, import_items
from mercato.data.rows import Conversion, checked
from mercato.data.store import AssetStore

FIXTURES = Path(__file__).parent.parent / "importers" / "fixtures"
LENIENT = Settings(imports=ImportSettings(max_bad_share=1.0))

PLAIN = {
    "plain.csv": b'id,title,price\n1,"two ""lines""\nof it",1.50 EUR\n2,caf\xc3\xa9,2\n3,z,\n',
    "plain.json": b'[{"id": 1, "title": "x \\" \\\\"}, {"id": "2", "title": "y", "a": [1, {}]}]',
    "plain.jsonl": b'{"id": 1, "title": "x"}\n{"id": "2", "title": "y", "a": {"b": null}}\n',
}


def parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2"], "title": ["x", "y"], "price": [1.5, None]}), stream)
    return stream.getvalue()


GOOD = PLAIN | {"plain.parquet": parquet()}
GOOD |= {
    each.name: each.read_bytes()[:20_000]
    for each in sorted(FIXTURES.iterdir())
    if each.is_file() and ".plain." not in each.name
}
CHECKS = {check.name for check in ROW_CHECKS}

MARKS = [b'"', b"\n", b"{", b"]", b"\0", b",", b"<!", b"\r", b"\\"]

Change = tuple[str, float, float, bytes]

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "end", "insert", "double"]),
        st.floats(0, 1),
        st.floats(0, 0.3),
        st.binary(max_size=4)
        | st.sampled_from([b'"', b"\n", b"{", b"]", b"\0", b",", b"<!", b"\r"]),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, changes: list[Change]) -> bytes:
    for kind, place, share, other in changes:
        at = int(place * len(content))
        end = at + 1 + int(share * len(content))
        before, part, after = content[:at], content[at:end], content[end:]
        content = {
            "flip": before + bytes(sign ^ 0x5A for sign in part[:1]) + part[1:] + after,
            "cut": before + after,
            "end": before,
            "insert": before + other + part + after,
            "double": before + part + part + after,
        }[kind]
    return content


def assert_adds_up(batch: RawBatch, asset: str) -> None:
    """Every row is one of those that pass or one with a declared check."""
    how = Conversion(ASSETS[asset], {}, "major", "USD")
    assert {len(column) for column in batch.columns.values()} <= {len(batch.lines)}
    found = checked(batch, how)
    assert found.rows.num_rows + len(found.refusals) == len(batch.lines) + len(batch.refusals)
    known = CHECKS | {check.name for check in ASSETS[asset].checks}
    assert {refusal.check for refusal in found.refusals} <= known


@pytest.mark.parametrize("name", GOOD)
@given(changes=CHANGES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, name: str, changes: list[Change]
) -> None:
    path = tmp_path / name
    path.write_bytes(damaged(GOOD[name], changes))
    for asset in ("items", "events"):
        reading = Reading(asset, frozenset(ASSETS[asset].schema.names))
        try:
            (source,) = sources_of(path)
            for batch in dialect_of(source, asset, None).read(source, reading):
                assert_adds_up(batch, asset)
        except MercatoError as error:
            assert error.expected and error.found and error.remedy


def test_every_dialect_of_files_is_among_them(tmp_path: Path) -> None:
    found = set()
    for name, content in GOOD.items():
        path = tmp_path / name
        path.write_bytes(content)
        for asset in ("items", "events"):
            try:
                found.add(dialect_of(sources_of(path)[0], asset, None).name)
            except MercatoError:
                continue
    assert set(DIALECTS) - found == {"complete-journey"}


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", GOOD)
@given(changes=CHANGES)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_damaged_files_are_imported_whole_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[Change]
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / name
    path.write_bytes(damaged(GOOD[name], changes))
    store = AssetStore(folder / "assets")
    for run in (import_items, import_events):
        try:
            report = run(store, [path], settings=LENIENT)
        except MercatoError:
            continue
        left_out = sum(report.left_out.values())
        assert report.read == report.accepted + report.unchanged + report.quarantined + left_out

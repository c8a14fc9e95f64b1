import pytest

from mercato.core.errors import BadInput
from mercato.data.fetching.address import is_address, parsed


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("https://shop.example/feed.xml", ("https", "shop.example", 443), "/feed.xml"),
        ("HTTP://Shop.Example:8080", ("http", "shop.example", 8080), "/"),
        ("https://shop.example./a%20b?x=1&y=%C3%A9#z", ("https", "shop.example", 443),
         "/a%20b?x=1&y=%C3%A9"),
        ("https://bücher.example/ä", ("https", "xn--bcher-kva.example", 443), "/%C3%A4"),
        ("http://[2606:2800:220:1::1]/", ("http", "2606:2800:220:1::1", 80), "/"),
    ],
)  # fmt: skip
def test_what_an_address_says(text, origin, target) -> None:
    found = parsed(text)
    assert (found.origin, found.target) == (origin, target)
    assert parsed(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "ftp://shop.example/f", "file:///etc/passwd", "https://", "https:///f", "shop.example/f",
        "https://shop.example:99999/", "https://shop.example/a b", "https://shop.example/\r\nX: y",
        "https://shop.example\\@127.0.0.1/", "https://[::1", "https://" + "a" * 64 + ".example/",
        "http://2130706433/", "http://0x7f000001/", "http://017700000001/", "http://127.1/",
        "http://0x7f.1/", "http://127.0.0.0x1/", "http://0177.0.0.1/", "http://1.2.3.4.5/",
    ],
)  # fmt: skip
def test_what_is_none(text) -> None:
    with pytest.raises(BadInput, match="an address such as"):
        parsed(text)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadInput, match="without user and password") as refused:
        parsed("https://ann:secret@shop.example/f")
    assert "secret" not in str(refused.value)
    assert "ann" not in refused.value.found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://shop.example/a/products.xml.gz?x=1", "products.xml.gz"),
        ("https://shop.example/", "feed"),
        ("https://shop.example/..", "feed"),
        ("https://shop.example/a/%2e%2e%2fetc%2fpasswd", "2e_2e_2fetc_2fpasswd"),
        ("https://shop.example/.hidden", "hidden"),
        ("https://shop.example/" + "x" * 300 + ".csv", "x" * 76 + ".csv"),
    ],
)
def test_a_file_is_named_by_its_address_and_stays_in_its_place(text, name) -> None:
    host, checksum, file = parsed(text).place.split("/")
    assert (host, len(checksum)) == ("shop.example", 8)
    assert file.strip("_") == name.strip("_")
    assert parsed(text + "&").place != parsed(text).place


def test_files_are_not_taken_for_addresses() -> None:
    assert is_address("HTTPS://shop.example/f")
    assert not is_address("http/feed.csv") and not is_address("C:/https://x")

import base64
import gzip
import hashlib
import socket
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from mercato.core.errors import BadInput
from mercato.data.fetching.asking import FetchFailed, Login, Validators

FEED = b"id,title\n1,Tea\n"


def test_a_feed_comes_to_the_disk_as_it_was_sent(feed_server, download, tmp_path) -> None:
    said = {"ETag": '"1"', "Last-Modified": "Fri, 01 May 2026 10:00:00 GMT"}
    feed_server.answers["/feed.csv"] = (200, said, FEED)
    found = download(feed_server.url("/feed.csv"))
    assert found.path.read_bytes() == FEED
    assert (found.sha256, found.bytes) == (hashlib.sha256(FEED).hexdigest(), len(FEED))
    assert found.validators == Validators('"1"', "Fri, 01 May 2026 10:00:00 GMT")
    ((path, headers),) = feed_server.asked
    assert path == "/feed.csv" and headers["accept-encoding"] == "identity"
    assert "if-none-match" not in headers and "authorization" not in headers
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [found.path]


def test_what_did_not_change_is_not_sent_again(feed_server, download, tmp_path) -> None:
    feed_server.answers["/feed.csv"] = (200, {"ETag": '"1"'}, FEED)
    known = Validators('"1"', "Fri, 01 May 2026 10:00:00 GMT")
    assert download(feed_server.url("/feed.csv"), known=known) is None
    assert feed_server.asked[0][1]["if-modified-since"] == known.last_modified
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    assert download(feed_server.url("/feed.csv"), known=Validators('"0"')).bytes == len(FEED)


def test_304_to_a_question_without_condition_is_a_failure(feed_server, download) -> None:
    feed_server.answers["/feed.csv"] = (304, {}, b"")
    with pytest.raises(FetchFailed, match="status 304"):
        download(feed_server.url("/feed.csv"))


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(404, "Check the address"), (401, "login_variable"), (500, "Try again later"), (206, "later")],
)
def test_other_answers_are_failures(feed_server, download, tmp_path, status, remedy) -> None:
    feed_server.answers["/feed.csv"] = (status, {}, FEED)
    with pytest.raises(FetchFailed, match=f"status {status}.*{remedy}"):
        download(feed_server.url("/feed.csv"))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("in an hour", 3_600),
        ("999999999", 86_400),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
        ("", None),
    ],
)
def test_a_server_may_ask_to_be_left_alone(feed_server, download, said, seconds) -> None:
    if said == "in an hour":
        said = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    feed_server.answers["/feed.csv"] = (503, {"Retry-After": said}, b"")
    with pytest.raises(FetchFailed) as failed:
        download(feed_server.url("/feed.csv"))
    found = failed.value.retry_after_seconds
    assert found == (seconds if seconds is None else pytest.approx(seconds, abs=60))


def test_redirects_are_followed_and_each_is_checked(feed_server, download) -> None:
    feed_server.answers["/feed.csv"] = (200, {}, FEED)
    feed_server.answers["/old"] = (302, {"Location": "/older/../feed.csv"}, b"")
    assert download(feed_server.url("/old")).bytes == len(FEED)
    for n in range(7):
        feed_server.answers[f"/{n}"] = (307, {"Location": f"/{n + 1}"}, b"")
    feed_server.answers["/7"] = (200, {}, FEED)
    assert download(feed_server.url("/2")).bytes == len(FEED)  # five redirects
    with pytest.raises(FetchFailed, match="at most 5 redirects"):
        download(feed_server.url("/1"))


@pytest.mark.parametrize(
    ("location", "refused"),
    [
        ("http://169.254.169.254/latest/meta-data/", r"\[fetch\] allow"),
        ("http://localhost:{port}/feed.csv", r"\[fetch\] allow"),
        ("http://listed.test:{port}/feed.csv", "public addresses of listed.test"),
        ("http://[::ffff:127.0.0.1]:{port}/feed.csv", r"\[fetch\] allow"),
        ("http://2130706433:{port}/feed.csv", "an address such as"),
        ("file:///etc/passwd", "an address such as"),
        ("gopher://127.0.0.1:{port}/", "an address such as"),
    ],
)
def test_a_redirect_leads_nowhere_that_is_not_allowed(
    feed_server, download, monkeypatch, location, refused
) -> None:
    really = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: really("127.0.0.1", *a, **k))
    feed_server.answers["/old"] = (302, {"Location": location.format(port=feed_server.port)}, b"")
    feed_server.answers["/feed.csv"] = (200, {}, FEED)
    with pytest.raises(BadInput, match=refused):
        download(feed_server.url("/old"), allow=["listed.test"])
    assert [path for path, _ in feed_server.asked] == ["/old"]


def test_a_host_is_resolved_once_and_what_was_checked_is_connected_to(
    feed_server, download, monkeypatch
) -> None:
    really, names = socket.getaddrinfo, []

    def rebinding(host, *args, **kwargs):
        if host == "127.0.0.1":  # already an address: nobody is asked
            return really(host, *args, **kwargs)
        names.append(host)
        assert len(names) == 1, "resolved again, after the check"
        return really("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    feed_server.answers["/feed.csv"] = (200, {}, FEED)
    assert download(
        feed_server.url("/feed.csv", "feeds.test"), private=["feeds.test"]
    ).bytes == len(FEED)
    assert names == ["feeds.test"]
    assert feed_server.asked[0][1]["host"] == f"feeds.test:{feed_server.port}"


def test_a_login_goes_to_its_own_host_alone(feed_server, download, monkeypatch) -> None:
    really = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: really("127.0.0.1", *a, **k))
    feed_server.answers["/old"] = (302, {"Location": feed_server.url("/feed.csv", "b.test")}, b"")
    feed_server.answers["/feed.csv"] = (200, {}, FEED)
    login, private = Login("ann:sécret"), ["a.test", "b.test"]
    download(feed_server.url("/old", "a.test"), private=private, login=login)
    sent = [headers.get("authorization") for _, headers in feed_server.asked]
    assert sent == ["Basic " + base64.b64encode("ann:sécret".encode()).decode(), None]
    assert "sécret" not in repr(login)
    with pytest.raises(BadInput, match="https for a feed with a login"):
        download("http://shop.example/f", allow=["shop.example"], login=login)


def test_a_body_that_is_too_large_is_refused(feed_server, wire, download, tmp_path) -> None:
    feed_server.answers["/feed.csv"] = (200, {}, b"x" * 1_000_001)
    with pytest.raises(FetchFailed, match="at most 1 MB.*max_mb"):
        download(feed_server.url("/feed.csv"))

    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")

    with pytest.raises(FetchFailed, match="at most 1 MB"):
        download(wire(endless))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_gzip_is_kept_packed(feed_server, download) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    feed_server.answers["/feed.csv"] = (200, {"Content-Encoding": "gzip"}, bomb)
    assert download(feed_server.url("/feed.csv")).path.read_bytes() == bomb
    feed_server.answers["/feed.csv"] = (200, {"Content-Encoding": "br"}, FEED)
    with pytest.raises(FetchFailed, match="Content-Encoding: br"):
        download(feed_server.url("/feed.csv"))


def slow_start(connection):
    for sign in b"HTTP/1.1 200 OK\r\n" * 10:
        connection.sendall(bytes([sign]))
        time.sleep(0.02)


def slow_body(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b"x")
        time.sleep(0.02)


def endless_hints(connection):
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.02)


def silence(connection):
    connection.recv(1)


@pytest.mark.parametrize("said", [slow_start, slow_body, endless_hints, silence])
def test_a_slow_server_is_given_up_at_the_deadline(wire, download, said) -> None:
    begun = time.monotonic()
    with pytest.raises(FetchFailed, match="within 0.3 s"):
        download(wire(said), timeout=0.3)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000 + b"\r\n",
    ],
)
def test_an_answer_that_is_not_whole_is_a_failure(wire, download, tmp_path, answer) -> None:
    with pytest.raises(FetchFailed, match="a whole answer from"):
        download(wire(lambda connection: connection.sendall(answer)))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_an_empty_answer_and_a_closed_port(feed_server, download) -> None:
    feed_server.answers["/feed.csv"] = (200, {}, b"")
    with pytest.raises(FetchFailed, match="an empty answer"):
        download(feed_server.url("/feed.csv"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(FetchFailed, match="a whole answer"):
        download(f"http://127.0.0.1:{port}/feed.csv")


def test_a_certificate_is_verified(download, tmp_path, monkeypatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=feeds.test",
         "-addext", "subjectAltName=DNS:feeds.test"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"https://feeds.test:{listener.getsockname()[1]}/feed.csv"

    def serve() -> None:
        for _ in range(3):
            plain, _ = listener.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntea")
            except OSError:
                plain.close()  # the client did not trust us

    thread = threading.Thread(target=serve)
    thread.start()
    really = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: really("127.0.0.1", *a, **k))
    with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED"):
        download(url, private=["feeds.test"])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert download(url, private=["feeds.test"]).bytes == 3
    with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED.*[Hh]ostname"):
        download(url.replace("feeds.test", "other.test"), private=["other.test"])
    thread.join()
    listener.close()

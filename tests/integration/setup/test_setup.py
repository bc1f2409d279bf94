"""What `.ci/setup` does to the machine: packages come through apt, nothing is started, and what was there before stays.

The script runs in a mount namespace of its own, on a folder in place of /usr/sbin and with an apt-get that only looks.
"""

import hashlib
import os
import shutil
import subprocess  # noqa: TID251 - the script itself
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
POLICY = "usr-sbin/policy-rc.d"
APT = """#!/bin/sh
echo "$*" >>"$SEEN"
if [ "$2" = install ]; then cat /usr/sbin/policy-rc.d >>"$SEEN"; exit "${APT_STATUS:-0}"; fi
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a checkout as the script looks at, with all Python packages in place, and an empty /usr/sbin."""
    for name in (".ci/setup", "uv.lock", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    version = subprocess.run(["/usr/bin/python3", "--version"], capture_output=True, check=True).stdout
    files = b"".join((tmp_path / name).read_bytes() for name in ("uv.lock", "pyproject.toml", ".ci/setup"))
    wanted = (version + files).rstrip(b"\n")
    for name, content in (
        (".tools/installed", hashlib.sha256(wanted).hexdigest()),
        (".venv/bin/pytest", "#!/bin/sh\n"),
        ("fakes/dpkg-query", "#!/bin/sh\nexit 1\n"),
        ("fakes/apt-get", APT),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "usr-sbin").mkdir()
    return tmp_path


def set_up(checkout: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    inside = f"mount --bind usr-sbin /usr/sbin && exec sh .ci/setup {' '.join(arguments)}"
    environment = {"PATH": f"{checkout}/fakes:{os.defpath}", "SEEN": str(checkout / "seen"), **more}
    return subprocess.run(  # noqa: S603 - ours
        ["/usr/bin/unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c", inside],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_no_service_is_started_and_nothing_is_left(checkout: Path) -> None:
    done = set_up(checkout)
    assert done.returncode == 0, done.stderr
    assert "installing Debian packages: git " in done.stderr
    seen = (checkout / "seen").read_text().splitlines()
    assert seen[0] == "-qq update"
    assert seen[1].startswith("-qq install -y --no-install-recommends git ")
    assert seen[2:] == ["#!/bin/sh", "exit 101"]
    assert list((checkout / "usr-sbin").iterdir()) == []


@pytest.mark.parametrize("content", ["#!/bin/sh\nexit 101\n", "#!/bin/sh\nexit 0\n"])
@pytest.mark.parametrize("status", ["0", "100"])
def test_a_policy_that_somebody_else_made_stays_as_it_is(checkout: Path, content: str, status: str) -> None:
    (checkout / POLICY).write_text(content)
    (checkout / POLICY).chmod(0o755)
    assert set_up(checkout, APT_STATUS=status).returncode == int(status)
    assert (checkout / POLICY).read_text() == content


def test_where_apt_fails_ours_is_taken_away_again(checkout: Path) -> None:
    assert set_up(checkout, APT_STATUS="100").returncode == 100
    assert list((checkout / "usr-sbin").iterdir()) == []


def test_where_all_is_there_nothing_is_done(checkout: Path) -> None:
    (checkout / "fakes/dpkg-query").write_text("#!/bin/sh\necho installed\n")
    done = set_up(checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (checkout / "seen").exists()


def test_an_ordinary_user_installs_with_sudo_and_nothing_else_goes_through_it(checkout: Path) -> None:
    (checkout / "fakes/id").write_text("#!/bin/sh\necho 1000\n")
    (checkout / "fakes/sudo").write_text('#!/bin/sh\necho "sudo $*" >>"$SEEN.sudo"\nexec "$@"\n')
    for name in ("id", "sudo"):
        (checkout / "fakes" / name).chmod(0o755)
    assert set_up(checkout).returncode == 0
    assert "-qq update" in (checkout / "seen").read_text()
    asked = [line.split()[1] for line in (checkout / "seen.sudo").read_text().splitlines()]
    assert asked == ["tee", "chmod", "env", "env", "rm"]
    assert list((checkout / "usr-sbin").iterdir()) == []


def test_the_demo_asks_for_no_browser(checkout: Path) -> None:
    assert set_up(checkout).returncode == 0
    assert " chromium" in (checkout / "seen").read_text()
    (checkout / "seen").unlink()
    assert set_up(checkout, "demo").returncode == 0
    assert " chromium" not in (checkout / "seen").read_text()

"""python-gitlab's own functional tests, written against a hosted GitLab, played on the embedded forge.

They come with the source distribution of the locked version, fetched from the package index and held against the lock's hash.
What fails is in tests/data/python-gitlab.toml, each with its reason: a test that begins to pass or to fail is noticed.
"""

import hashlib
import os
import shutil
import subprocess  # noqa: TID251 - pip, and another suite's pytest
import sys
import tarfile
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET  # what pytest has just written

import pytest

from tests.fakes.localforge import LocalForge, local_forge

ROOT = Path(__file__).parents[3]
KEPT = ROOT / ".cache" / "python-gitlab"
NOUNS = ("branches", "repository", "merge_requests", "projects", "groups", "users", "current_user")
DOCKER = "from tests.functional.fixtures.docker import *  # noqa\n"
OURS = """
import time as _time
_wait = _time.sleep
_time.sleep = lambda seconds: _wait(min(seconds, 0.02))  # they let a hosted GitLab catch up; here nothing lags behind

@pytest.fixture(scope="session")
def gitlab_url(): return {url!r}
@pytest.fixture(scope="session")
def gitlab_token(): return {token!r}
@pytest.fixture(scope="session")
def gitlab_plan(): return None
def reset_gitlab(gl): pass
"""
SETTINGS = "[pytest]\nmarkers =\n  gitlab_premium: x\n  gitlab_ultimate: x\n  script_launch_mode: x\n"


def locked() -> tuple[str, str]:
    """Give the locked version and the SHA-256 of its source distribution."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    (found,) = [package for package in packages if package["name"] == "python-gitlab"]
    return str(found["version"]), str(found["sdist"]["hash"]).removeprefix("sha256:")


def source() -> Path:
    """Give the source distribution; fetch it where it is not there yet."""
    version, digest = locked()
    archive = KEPT / f"python_gitlab-{version}.tar.gz"
    if not archive.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        wanted = KEPT / "requirements.txt"
        wanted.write_text(f"python-gitlab=={version} --hash=sha256:{digest}\n")
        pip = [str(ROOT / ".tools/bin/python"), "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--no-binary=:all:", "--require-hashes", f"--requirement={wanted}", f"--dest={KEPT}"]
        done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False, timeout=200)  # noqa: S603 - ours
        if done.returncode:
            pytest.fail(f"the package index gave no source of python-gitlab {version}: {done.stderr.strip()[-800:]}", pytrace=False)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == digest
    return archive


def play(forge: LocalForge, folder: Path) -> dict[str, str]:
    """Run their tests; give how each ended: passed, failed, error or skipped."""
    with tarfile.open(source()) as archive:
        archive.extractall(folder)  # noqa: S202 - its hash is the locked one
    (unpacked,) = folder.iterdir()
    base = folder / "base"
    shutil.copytree(unpacked / "tests", base / "tests")
    conftest = base / "tests/functional/conftest.py"
    theirs = conftest.read_text()
    assert DOCKER in theirs
    conftest.write_text(theirs.replace(DOCKER, "") + OURS.format(url=forge.url, token=forge.admin_token))
    (base / "pytest.ini").write_text(SETTINGS)
    told = base / "told.xml"
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:socket",
        f"--rootdir={base}",
        f"-c{base / 'pytest.ini'}",
        f"--junit-xml={told}",
    ]
    files = [f"tests/functional/api/test_{noun}.py" for noun in NOUNS]
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=base,
        env={"PATH": os.defpath, "HOME": str(base), "PYTHONPATH": str(base)},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert told.exists(), done.stdout + done.stderr
    ended: dict[str, str] = {}
    for case in ET.parse(told).iter("testcase"):  # noqa: S314 - see above
        kinds = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
        ended[f"{case.attrib['classname'].rpartition('.')[2]}::{case.attrib['name']}"] = kinds[0] if kinds else "passed"
    return ended


def test_what_the_clients_own_tests_ask_of_gitlab_is_answered_as_they_expect(tmp_path: Path) -> None:
    with local_forge(tmp_path / "forge") as forge:
        ended = play(forge, tmp_path / "theirs")
    left_out = tomllib.loads((ROOT / "tests/data/python-gitlab.toml").read_text())
    reasons = {f"test_{noun}::{name}": str(why) for noun, listed in left_out.items() for name, why in listed.items()}
    failed = {name for name, kind in ended.items() if kind in {"failure", "error"}}
    assert {"fail and are not listed": failed - reasons.keys(), "are listed and do not fail": reasons.keys() - failed} == {
        "fail and are not listed": set(),
        "are listed and do not fail": set(),
    }
    assert all(reasons.values())
    assert sum(kind == "passed" for kind in ended.values()) > 25

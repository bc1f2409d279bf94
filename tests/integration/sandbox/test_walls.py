"""What a command cannot do, whatever it is: attacks 39 and 40, incidents 7, 9 and 20. Each has a twin that gets through."""

import shutil
import tempfile
from pathlib import Path

import pytest

from countersign.domain.outcomes import Refused
from countersign.domain.run import Control, Ending
from runners.sandbox.container import ContainerSandbox
from runners.sandbox.seccomp import profile_digest
from tests.integration.sandbox.specs import make_spec


def test_every_control_is_in_force_whoever_prepared_the_host(sandbox: ContainerSandbox) -> None:
    attestation = sandbox.attest()
    assert {control: text for control, in_force, text in attestation.evidence if not in_force} == {}
    assert attestation.controls == frozenset(Control)
    assert attestation.profile_digest == profile_digest()


def test_attesting_is_quick(sandbox: ContainerSandbox, engine_socket: Path, image: str, tmp_path: Path) -> None:
    fresh = ContainerSandbox(socket=str(engine_socket), resolve={}, state_dir=tmp_path, clock=lambda: sandbox.attest().at)
    assert image
    assert fresh.attest().controls == sandbox.attest().controls


TRICKS = {
    "by its plain name": "touch /etc/owned",
    "through /proc/self/root": "touch /proc/self/root/etc/owned",
    "by a copied program": "cp /usr/bin/touch /work/innocent && /work/innocent /etc/owned",
    "by the dynamic linker": "cp /usr/bin/touch /work/innocent; /lib64/ld-linux-x86-64.so.2 /work/innocent /etc/owned",
    "by another program": "python3 -c \"open('/etc/owned','w')\"",
    "through a link": "ln -s /etc /work/etc && touch /work/etc/owned",
    "after turning the sandbox off": "mount -o remount,rw / ; umount /etc ; unshare -Ur mount -o remount,rw / ; touch /etc/owned",
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
def test_a_trick_gets_no_further_than_the_plain_attempt(sandbox: ContainerSandbox, image: str, trick: str) -> None:
    result = sandbox.run(
        make_spec(image, ["sh", "-c", f"({trick}); status=$?; test -e /etc/owned && echo owned; exit $status"]), None
    )
    assert result.exit_code not in {0, None}
    assert "owned\n" not in result.stdout
    assert result.stderr


def test_what_may_be_written_can_be_written(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(make_spec(image, ["sh", "-c", "echo kept > $HOME/note && cp note /tmp && cat /tmp/note"]), None)
    assert (result.stdout, result.exit_code) == ("kept\n", 0)


def test_files_are_where_the_change_has_them_and_are_data(sandbox: ContainerSandbox, image: str) -> None:
    files = {"db/production/V2__note.sql": b"select 1;\n", "run.sh": b"#!/bin/sh\necho ran\n", "\u00fc \n.bin": bytes(range(256))}
    script = "cat db/production/V2__note.sql; pwd; cat *.bin | sha256sum | cut -c1-8; chmod +x run.sh; ./run.sh"
    result = sandbox.run(make_spec(image, ["sh", "-c", script], files=files), None)
    assert result.stdout.splitlines()[:2] == ["select 1;", "/work"]
    assert "40aff2e9" in result.stdout
    assert "ran" not in result.stdout
    assert "Permission denied" in result.stderr


@pytest.mark.parametrize("path", ["../escape", "/etc/passwd", "a/../../b", "a//b", "./a", "", "a/."])
def test_a_file_outside_the_work_folder_is_refused(sandbox: ContainerSandbox, image: str, path: str) -> None:
    with pytest.raises(Refused):
        sandbox.run(make_spec(image, ["true"], files={path: b"x"}), None)


def test_removing_everything_harms_nobody(sandbox: ContainerSandbox, image: str) -> None:
    """Incident 7: `rm -rf ~/`, from the root, with an unquoted glob."""
    folder = Path(tempfile.mkdtemp(prefix="countersign-canary-", dir="/var/tmp"))
    try:
        folder.chmod(0o777)
        canary = folder / "canary"
        canary.touch(0o666)
        canary.chmod(0o666)
        script = f'rm -rf "$HOME" /work/.. ~ / {folder} --no-preserve-root; ls /usr/bin/python3'
        result = sandbox.run(make_spec(image, ["sh", "-c", script], files={"~": b"", "tests/a": b""}), None)
        assert result.stdout == "/usr/bin/python3\n"
        assert "Read-only file system" in result.stderr
        assert canary.exists()
        assert sandbox.run(make_spec(image, ["python3", "--version"]), None).ok
    finally:
        shutil.rmtree(folder)


def test_the_environment_holds_what_the_run_names_and_nothing_of_the_runner(sandbox: ContainerSandbox, image: str) -> None:
    spec = make_spec(image, ["env"], environment={"COUNTERSIGN_ENVIRONMENT": "staging"})
    names = {line.partition("=")[0] for line in sandbox.run(spec, None).stdout.splitlines()}
    assert "COUNTERSIGN_ENVIRONMENT" in names
    assert names <= {"COUNTERSIGN_ENVIRONMENT", "HOME", "LANG", "LC_ALL", "PATH", "PWD", "TMPDIR", "OLDPWD", "SHLVL", "_"}


def test_a_command_reads_nothing_from_its_input(sandbox: ContainerSandbox, image: str) -> None:
    assert sandbox.run(make_spec(image, ["sh", "-c", "cat; echo end"], timeout=10), None).stdout == "end\n"


def test_a_command_that_cannot_start_says_so(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(make_spec(image, ["no-such-tool", "--version"]), None)
    assert (result.ending, result.exit_code) == (Ending.EXITED, 127)
    assert "cannot start no-such-tool" in result.stderr


@pytest.mark.parametrize("signal", ["TERM", "SEGV", "KILL"])
def test_a_command_that_a_signal_ends_has_no_success(sandbox: ContainerSandbox, image: str, signal: str) -> None:
    result = sandbox.run(make_spec(image, ["sh", "-c", f"kill -{signal} $$"]), None)
    assert result.ending is Ending.EXITED
    assert result.exit_code is not None
    assert result.exit_code > 128


def test_a_command_that_kills_all_it_can_ends_without_success(sandbox: ContainerSandbox, image: str) -> None:
    result = sandbox.run(
        make_spec(image, ["python3", "-c", "import os; os.kill(1, 9); os.kill(1, 15); os.kill(-1, 9)"], timeout=5), None
    )
    assert not result.ok


def test_threads_and_children_work(sandbox: ContainerSandbox, image: str) -> None:
    """Tools must run under the filter of system calls, or nobody would keep it on."""
    script = (
        "import subprocess, threading, multiprocessing, tempfile, ssl, sqlite3, asyncio\n"
        "threads = [threading.Thread(target=lambda: None) for _ in range(8)]\n"
        "[one.start() for one in threads]; [one.join() for one in threads]\n"
        "assert subprocess.run(['sh', '-c', 'echo child | tr a-z A-Z'], capture_output=True).stdout == b'CHILD\\n'\n"
        "assert multiprocessing.get_context('fork').Pool(2).map(abs, [-1, 2]) == [1, 2]\n"
        "asyncio.run(asyncio.sleep(0)); tempfile.TemporaryFile().write(b'x'); sqlite3.connect(':memory:').execute('select 1')\n"
        "print(ssl.create_default_context().cert_store_stats()['x509_ca'] > 50)\n"
    )
    result = sandbox.run(make_spec(image, ["python3", "-c", script]), None)
    assert (result.stdout, result.stderr, result.exit_code) == ("True\n", "", 0)

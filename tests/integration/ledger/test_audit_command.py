"""`countersign audit` on a plain clone, as an auditor runs it."""

import json
import os
import re
import subprocess  # noqa: TID251 - the installed command, once
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countersign.attestation.record import AUDIT_BRANCH
from countersign.attestation.rotation import rotation
from countersign.cli.main import main
from tests.support.audit import REF, RUN, START, Remote, intent, outcome, refused, signer, trust_line, trust_root
from tests.support.auditor import Auditor, stock

DRAFTS = (refused("a"), intent(), outcome(), refused("b", summary="Refused b: ü 日本, \x1b[2Jacme/shop!7"))


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote.make(tmp_path)
    remote.fill(DRAFTS)
    return remote


@pytest.fixture
def auditor(remote: Remote, tmp_path: Path) -> Auditor:
    auditor = Auditor.of(remote.path, tmp_path, trust_line(signer()))
    remote.path.rename(tmp_path / "gone.git")  # whatever is read now is read from the clone
    return auditor


class Shell:
    """Runs the command in this process."""

    def __init__(self, auditor: Auditor, capture: pytest.CaptureFixture[str]) -> None:
        self._auditor = auditor
        self._capture = capture

    def __call__(self, *args: str, trust: bool = True) -> tuple[int, str, str]:
        more = ("--trust-root", str(self._auditor.trust_file)) if trust else ()
        status = main(["audit", *args, "--repo", str(self._auditor.clone), *more])
        said = self._capture.readouterr()
        return status, said.out, said.err


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(auditor, capsys)


def test_verify_ends_with_the_count_and_status_0(run: Shell) -> None:
    status, out, err = run("verify")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "verified: 4 records, 0 problems"
    assert "branch: refs/remotes/origin/countersign/audit at " in out


def test_verify_as_json(run: Shell) -> None:
    status, out, _ = run("verify", "--format", "json")
    document = json.loads(out)
    assert status == 0
    assert (document["verified"], document["problem"]) == (4, None)
    assert document["checkpoint"].startswith("4@sha256:")


def test_without_a_trust_root_nothing_is_verified(run: Shell, auditor: Auditor) -> None:
    (auditor.clone / "allowed_signers").write_text(trust_line(signer()))
    status, out, err = run("verify", trust=False)
    assert (status, out) == (2, "")
    assert "--trust-root" in err
    assert "outside of this repository" in err


@pytest.mark.parametrize("text", ["", "* ssh-ed25519 AAAA\n", trust_line(signer()).replace("git", "file")])
def test_a_trust_root_that_is_not_understood_is_refused(run: Shell, auditor: Auditor, text: str) -> None:
    auditor.trust_file.write_text(text)
    status, out, err = run("verify")
    assert (status, out) == (2, "")
    assert err.startswith("countersign audit: ")


def test_a_wrong_record_is_named_with_the_reason_and_status_1(run: Shell, auditor: Auditor) -> None:
    auditor.trust_file.write_text(trust_line(signer(2)))
    status, out, _ = run("verify")
    assert status == 1
    assert f"first wrong: record 0 (commit {auditor.commits()[0]}): signed by {signer().public.fingerprint}" in out
    assert "verified: " not in out.replace("NOT verified: 0 good records", "")
    status, out, _ = run("verify", "--format", "json")
    assert status == 1
    problem = json.loads(out)["problem"]
    assert (problem["seq"], problem["commit"]) == (0, auditor.commits()[0])
    assert json.loads(out)["checkpoint"] is None


def test_a_checkpoint_finds_a_log_cut_short(run: Shell, auditor: Auditor) -> None:
    _, out, _ = run("verify")
    found = re.search(r"checkpoint: (\S+)", out)  # noqa: TID251 - one word of a longer text
    assert found is not None
    assert run("verify", "--checkpoint", found[1])[0] == 0
    auditor.git("update-ref", "refs/remotes/origin/countersign/audit", auditor.commits()[1])
    assert run("verify")[0] == 0, "every signature is good: the log alone cannot show it"
    status, out, _ = run("verify", "--checkpoint", found[1])
    assert status == 1
    assert "record 2: it is missing: the log ends at record 1" in out
    assert run("verify", "--checkpoint", "3@md5:x")[0] == 2


def test_a_branch_written_anew_with_the_real_key_is_found_through_a_second_place(
    run: Shell, auditor: Auditor, tmp_path: Path
) -> None:
    """The thief has the key and the forge; the checkpoint was noted by an auditor, and left in a file."""
    left = re.search(r"checkpoint: (\S+)", run("verify")[1])  # noqa: TID251 - one word of a longer text
    kept = tmp_path / "kept"
    kept.write_bytes(auditor.git("show", f"{auditor.commits()[-1]}:checkpoint").stdout)
    (tmp_path / "forged").mkdir()
    forged = Remote.make(tmp_path / "forged")
    forged.fill([refused("other"), intent(), outcome(), refused("more"), refused("last")])
    auditor.git("fetch", "--quiet", str(forged.path), f"+{REF}:refs/remotes/origin/{AUDIT_BRANCH}")
    assert run("verify")[0] == 0, "the log alone does not show it: every signature is good"
    assert left is not None
    for second_place in (left[1], str(kept)):
        status, out, _ = run("verify", "--checkpoint", second_place)
        assert status == 1
        assert "first wrong: record 3 " in out
        assert "rewritten here or earlier" in out
    kept.write_text(kept.read_text().replace("\n4\n", "\n3\n"))
    assert run("verify", "--checkpoint", str(kept))[0] == 2, "a note that nobody signed shows nothing"


@pytest.mark.parametrize("announced", [True, False])
def test_a_second_runners_key_is_known_if_the_first_announced_it_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, announced: bool
) -> None:
    """Both go on signing, each for its own environment."""
    (home := tmp_path / "two").mkdir()
    first, second = signer(1), signer(2)
    remote, trust = Remote.make(home), trust_root(first, second)
    writers = [remote.writer(key=key, trust=trust) for key in (first, second)]
    writers[0].append(rotation(first.public, second.public, now=START) if announced else refused("a"))
    for number in range(4):
        writers[number % 2].append(refused(f"more-{number}"))
    run = Shell(Auditor.of(remote.path, home, trust_line(first) + trust_line(second)), capsys)
    status, out, _ = run("verify")
    assert status == 0
    assert f"signed by: {first.public.fingerprint}, records 0 to 1 and 3, the first key" in out
    how = "announced by record 0" if announced else "trusted, though not announced in the log"
    assert f"signed by: {second.public.fingerprint}, records 2 and 4, {how}" in out
    document = json.loads(run("verify", "--format", "json")[1])
    assert [(one["key"], one["listed"], one["announced_by"]) for one in document["signers"]] == [
        (first.public.fingerprint, [[0, 1], [3, 3]], None),
        (second.public.fingerprint, [[2, 2], [4, 4]], 0 if announced else None),
    ]
    keys = [json.loads(line)["signer"] for line in run("log", "--format", "json")[1].splitlines()]
    assert keys == [key.public.fingerprint for key in (first, first, second, first, second)]
    assert f"\nsigner  {second.public.fingerprint}\n" in run("show", "4")[1]


def test_nobody_is_named_as_the_signer_where_signatures_are_not_checked(run: Shell) -> None:
    assert "\nsigner  not checked\n" in run("show", "1", trust=False)[1]
    assert json.loads(run("show", "1", "--format", "json", trust=False)[1])["signer"] is None


def test_the_silence_since_the_newest_record_is_told(run: Shell) -> None:
    began = datetime.now(UTC)  # noqa: TID251 - the command asks its machine's clock
    silence = json.loads(run("verify", "--format", "json")[1])["silence"]
    newest = datetime.fromisoformat(silence["recorded"])
    assert silence["newest"] == len(DRAFTS) - 1
    assert newest <= START + timedelta(hours=1)
    assert timedelta(seconds=silence["until_now"] + 1) >= began - newest
    newest_line = f"since record {silence['newest']} of {newest:%Y-%m-%d %H:%M:%S}Z"
    assert [line for line in run("verify")[1].splitlines() if line.startswith("silence until now: ") and newest_line in line]


def test_log_is_a_table_for_people(run: Shell) -> None:
    status, out, err = run("log")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[1] == "2026-03-01 12:00:00Z  1  intent    acme/shop!7  Will run migrate, acme/shop!7"
    assert len(lines) == len(DRAFTS)
    assert "\x1b" not in out
    assert run("log", "-n", "1")[1].split() == lines[-1].split()
    assert run("log", "-n", "0")[0] == 2


def test_log_is_lines_for_programs(run: Shell) -> None:
    status, out, _ = run("log", "--format", "json")
    records = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [record["seq"] for record in records] == [0, 1, 2, 3]
    assert records[1]["record"]["predicate"]["run_id"] == RUN


def test_showing_without_a_trust_root_says_so(run: Shell) -> None:
    for action in (("log",), ("show", "1")):
        status, out, err = run(*action, trust=False)
        assert status == 0
        assert out
        assert err == "note: signatures were not checked; give --trust-root\n"


def test_show_takes_every_name_of_a_record(run: Shell) -> None:
    record = json.loads(run("show", "1", "--format", "json")[1])
    ulid = record["record"]["predicate"]["id"]
    by_number = run("show", "1")
    assert by_number[0] == 0
    assert f"digest  {record['digest']}" in by_number[1]
    assert f'"id": "{ulid}"' in by_number[1]
    assert run("show", ulid) == by_number
    assert run("show", f"intent/{RUN}") == by_number
    both = run("show", RUN, "--format", "json")[1].splitlines()
    assert [json.loads(line)["seq"] for line in both] == [1, 2]


@pytest.mark.parametrize("name", ["9", "", "intent/run-x", "01"])
def test_what_is_not_there_is_not_shown(run: Shell, name: str) -> None:
    status, out, _ = run("show", name)
    assert (status, out) == (2, "")


def test_a_local_branch_is_read_first_and_the_other_is_mentioned(run: Shell, auditor: Auditor) -> None:
    auditor.git("update-ref", "refs/heads/countersign/audit", auditor.commits()[2])
    status, out, err = run("verify")
    assert status == 0
    assert out.splitlines()[-1] == "verified: 3 records, 0 problems"
    assert "refs/remotes/origin/countersign/audit points elsewhere" in err
    assert run("verify", "--branch", "origin/countersign/audit")[1].splitlines()[-1] == "verified: 4 records, 0 problems"
    assert run("verify", "--branch", "refs/remotes/origin/countersign/audit")[0] == 0


def test_a_missing_branch_a_shallow_clone_and_no_repository_are_not_verified(
    run: Shell, auditor: Auditor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run("verify", "--branch", "countersign/other")
    assert (status, out) == (3, "")
    assert "git fetch origin countersign/other" in err
    shallow = tmp_path / "shallow"
    source = (tmp_path / "gone.git").as_uri()
    done = stock("git", "clone", "-q", "--no-checkout", "--no-single-branch", "--depth=1", source, str(shallow), cwd=tmp_path)
    assert done.returncode == 0
    trust = ("--trust-root", str(auditor.trust_file))
    assert main(["audit", "verify", "--repo", str(shallow), *trust]) == 3
    assert "git fetch --unshallow" in capsys.readouterr().err
    assert main(["audit", "verify", "--repo", str(tmp_path / "nothing"), *trust]) == 3
    (tmp_path / "empty").mkdir()
    assert main(["audit", "verify", "--repo", str(tmp_path / "empty"), *trust]) == 3
    assert "not a git repository" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a clone away")
def test_a_clone_that_belongs_to_somebody_else_is_read(run: Shell, auditor: Auditor) -> None:
    for path in (auditor.clone, *auditor.clone.rglob("*")):
        os.chown(path, 65534, 65534)
    assert run("verify")[0] == 0


def test_an_appended_commit_is_found(run: Shell, auditor: Auditor) -> None:
    tip = auditor.commits()[-1]
    identity = ("-c", "user.name=Mallory", "-c", "user.email=m@example.com")
    made = auditor.git(*identity, "commit-tree", "-p", tip, "-m", "Nothing to see", f"{tip}^{{tree}}")
    auditor.git("update-ref", "refs/remotes/origin/countersign/audit", made.stdout.decode().strip())
    status, out, _ = run("verify")
    assert status == 1
    assert f"first wrong: record 4 (commit {made.stdout.decode().strip()})" in out
    status, out, err = run("log")
    assert status == 1
    assert len(out.splitlines()) == len(DRAFTS)
    assert err.startswith("wrong: record 4")


def imported(auditor: Auditor, home: Path, *args: str) -> tuple[list[str], set[str]]:
    """Run the installed command; give what it says and the modules that it has imported at its end."""
    code = "import sys; from countersign.cli.main import main; status = main(sys.argv[1:]); print(*sys.modules); sys.exit(status)"
    arguments = ["audit", *args, "--repo", str(auditor.clone), "--trust-root", str(auditor.trust_file)]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={"XDG_CACHE_HOME": str(home), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    *said, modules = done.stdout.splitlines()
    return said, {name.partition(".")[0] for name in modules.split()}


def test_the_installed_command_imports_no_more_than_it_needs(auditor: Auditor, tmp_path: Path) -> None:
    said, modules = imported(auditor, tmp_path, "verify")
    assert said[-1] == "verified: 4 records, 0 problems"
    assert not modules & {"sqlglot", "ruamel", "celery", "redis", "boto3", "gitlab", "fastapi", "jinja2"}


def test_a_question_to_a_finished_index_imports_nothing_that_verifies(auditor: Auditor, tmp_path: Path) -> None:
    """It is the start that takes time: what reads and verifies records is most of it."""
    first, verifying = imported(auditor, tmp_path, "query", "--kind", "executed")
    second, modules = imported(auditor, tmp_path, "query", "--kind", "executed")
    assert second == first
    assert len(second) == 2
    assert "nacl" in verifying
    assert not modules & {"nacl", "cryptography", "pydantic", "jinja2"}


def test_help_lists_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--help"]) == 0
    listed = re.findall(r"^    ([a-z]+)\b", capsys.readouterr().out, re.MULTILINE)
    every = "log show query incident exceptions autonomy sample export packet reconcile replay schema verify"
    assert listed == every.split()
    assert main(["audit", "nonsense"]) == 2
    assert "'verify'" in capsys.readouterr().err


def test_help_tells_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {status}  " in out for status in range(4))
    assert main(["--help"]) == 0
    assert "audit" in capsys.readouterr().out
    assert main(["audit"]) == 2
    assert main([]) == 2
    assert main(["nonsense"]) == 2

"""What people keep of a log, given to `countersign audit verify`: comments of runners as they stand on a forge, several at once."""

import json
import re
from pathlib import Path

import pytest

from countersign.attestation.tree_head import TreeHead
from runners import telling
from tests.contract.gitlab_stage import GitLabStage
from tests.fakes.localforge import local_forge
from tests.support.audit import ORIGIN, REF, RUN, Remote, intent, outcome, refused, signer, trust_line
from tests.support.auditor import Auditor
from tests.support.shelf import Shell

WRONG = "3@sha256:" + "0" * 64


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), intent(), outcome()])
    return remote


@pytest.fixture
def run(remote: Remote, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)


def printed(run: Shell) -> str:
    return run("verify")[1].split("checkpoint: ")[1].split()[0]


def test_a_runners_comment_is_taken_as_it_stands_on_the_forge(remote: Remote, run: Shell, tmp_path: Path) -> None:
    entry = remote.reader().find(f"outcome/{RUN}")
    assert entry is not None
    with local_forge(tmp_path / "forge") as server:
        stage = GitLabStage(url=server.url, admin_token=server.admin_token, seen_through=server.url)
        change = stage.forge.change(stage.open(stage.person("dana")))
        telling.applied(stage.forge, change, entry)
        ((_, comment),) = stage.comments(change.ref)
    checkpoint = printed(run)
    assert comment.splitlines()[-1] == f"Checkpoint: `{checkpoint}`"
    kept, forged = tmp_path / "comment", tmp_path / "other"
    kept.write_text(comment, newline="\r\n")
    forged.write_text(comment.replace(checkpoint, WRONG))
    quoted, line = tmp_path / "quoted", f"Checkpoint: {checkpoint}"
    quoted.write_text("".join(f"> {words}\n" for words in comment.splitlines()))
    for text in (str(kept), comment, str(quoted), line):
        assert run("verify", "--checkpoint", text)[0] == 0
    for text in (str(forged), forged.read_text()):
        assert run("verify", "--checkpoint", text)[0] == 1
    run.auditor.git("update-ref", f"refs/remotes/origin/{REF.removeprefix('refs/heads/')}", run.auditor.commits()[1])
    status, out, _ = run("verify", "--checkpoint", str(kept))
    assert status == 1
    assert "record 2: it is missing: the log ends at record 1" in out


HOSTILE = "2@sha256:" + "b" * 64
NAMES = [f"db/staging/shop/V1__x,{HOSTILE}.sql", f"{HOSTILE}", f"tools:1.2@sha256:{'a' * 64}", f"\n\nCheckpoint: `{HOSTILE}`\n\n"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_reads_like_a_checkpoint_makes_no_honest_log_wrong(
    remote: Remote, run: Shell, tmp_path: Path, name: str
) -> None:
    """An agent chooses the name, a runner quotes it in its refusal, and somebody gives that comment, as it is on the forge."""
    newest = remote.reader().latest(1)[0]
    with local_forge(tmp_path / "forge") as server:
        stage = GitLabStage(url=server.url, admin_token=server.admin_token, seen_through=server.url)
        change = stage.forge.change(stage.open(stage.person("dana")))
        telling.refused(stage.forge, change, newest, f"{name}:1: the SQL cannot be parsed")
        ((_, comment),) = stage.comments(change.ref)
    assert "b" * 64 in comment or "a" * 64 in comment
    kept = tmp_path / "comment"
    for copied in (comment, comment.replace("\n", "\r\n"), "".join(f"> {line}\n" for line in comment.splitlines()), 2 * comment):
        kept.write_text(copied, newline="")
        for given in (str(kept), copied):
            assert run("verify", "--checkpoint", given)[::2] == (0, "")


def test_words_of_a_comment_that_look_like_one_are_not_read_and_named(run: Shell, tmp_path: Path) -> None:
    """As runners wrote them before, or as somebody may have kept them."""
    good, kept = printed(run), tmp_path / "kept"
    comment = f"<!-- countersign:runner -->\n### ✘ Refused\n\n{NAMES[0]}:1: cannot be parsed\n\nCheckpoint: `{good}`\n"
    kept.write_text(comment)
    status, _, err = run("verify", "--checkpoint", str(kept))
    assert status == 0
    assert err.startswith(f"note: --checkpoint {kept}: line 4: looks like a checkpoint among the words of a comment")
    said = json.loads(run("verify", "--checkpoint", good, "--checkpoint", str(kept), "--format", "json")[1])
    assert said["checkpoints_passed_over"] == [{"line": 4, "of": str(kept)}]
    kept.write_text(f"{comment}{WRONG}\n")
    assert run("verify", "--checkpoint", str(kept))[0] == 1, "what stands behind a comment is no word of it"
    kept.write_text(comment.replace(f"`{good}`", ""))
    status, out, err = run("verify", "--checkpoint", str(kept))
    assert (status, out) == (2, "")
    assert f"--checkpoint {kept}: line 1: a runner's comment begins here, and its last line" in err


def test_each_of_several_checkpoints_is_held_against_the_log(run: Shell, tmp_path: Path) -> None:
    good = printed(run)
    assert run("verify", "--checkpoint", good, "--checkpoint", good)[0] == 0
    for two in ((good, WRONG), (WRONG, good)):
        status, out, _ = run("verify", "--checkpoint", two[0], "--checkpoint", two[1])
        assert status == 1
        assert "rewritten here or earlier" in out
    both = tmp_path / "both"
    both.write_text(f"{good}\ncheckpoint: {WRONG} (keep it elsewhere, give it to --checkpoint next time)\n")
    assert run("verify", "--checkpoint", str(both))[0] == 1


@pytest.mark.parametrize("own", ["noted in ticket OPS-12: {}", "| OPS-12 | {} |"])
def test_a_checkpoint_that_does_not_fit_counts_wherever_it_stands_among_others(run: Shell, tmp_path: Path, own: str) -> None:
    last = f"Checkpoint: `{printed(run)}`\n"
    kept, note = tmp_path / "kept", own.format(WRONG)
    for text in (
        f"{note}\n\nfrom the merge request:\n{last}",
        f"{last}{note}\n",
        f"<!-- countersign:runner -->\n{last}{note}\n{last}",
    ):
        kept.write_text(text)
        status, out, _ = run("verify", "--checkpoint", str(kept))
        assert status == 1
        assert "rewritten here or earlier" in out


@pytest.mark.parametrize("way", ["- checkpoint: {}", "* {}", "**Checkpoint:** {}", "CHECKPOINT: {}", "Checkpoint {}", "{} {}"])
def test_no_checkpoint_in_a_file_is_passed_over(run: Shell, tmp_path: Path, way: str) -> None:
    good = printed(run)
    kept = tmp_path / "kept"
    kept.write_text(f"{good}\n{way.format(*[good] * way.count('{}'))}\n")
    assert run("verify", "--checkpoint", str(kept))[0] == 0
    kept.write_text(f"{good}\n{way.format(*[good, WRONG][-way.count('{}') :])}\n")
    assert run("verify", "--checkpoint", str(kept))[0] == 1


def test_a_file_that_would_not_be_read_to_its_end_is_refused_by_name(run: Shell, tmp_path: Path) -> None:
    kept, good = tmp_path / "kept", printed(run)
    kept.write_text("\n".join([good, *["words"] * 11_000, WRONG]))
    status, out, err = run("verify", "--checkpoint", str(kept))
    assert (status, out) == (2, "")
    assert f"{str(kept)!r} is larger than 65536 bytes" in err
    kept.write_text(f"{good}\n{WRONG[:-1]}\n")
    status, out, err = run("verify", "--checkpoint", str(kept))
    assert (status, out) == (2, "")
    assert f"--checkpoint {kept}: line 2: looks like a checkpoint" in err


def test_notes_of_two_logs_are_refused(remote: Remote, run: Shell, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.write_bytes(remote.git("show", f"{REF}:checkpoint"))
    other.write_text(str(TreeHead("https://forge.example/acme/other.git", 3, bytes(32)).sign(signer().public, signer().sign_raw)))
    assert run("verify", "--checkpoint", str(mine), "--checkpoint", printed(run))[0] == 0
    assert run("verify", "--checkpoint", mine.read_text())[0] == 0, "a note that was pasted"
    status, _, err = run("verify", "--checkpoint", str(mine), "--checkpoint", str(other))
    assert status == 2
    assert f"of several logs: https://forge.example/acme/other.git, {ORIGIN}" in err


@pytest.mark.parametrize("name", ["nofile", "me@host/kept", "3@md5:x"])
def test_a_file_that_is_not_there_is_named(run: Shell, name: str) -> None:
    status, out, err = run("verify", "--checkpoint", name)
    assert (status, out) == (2, "")
    assert f"there is no file '{name}', and a checkpoint itself is written as 42@sha256:…" in err


@pytest.mark.parametrize("option", ["--trust-root", "--tsa-ca"])
def test_what_may_be_given_once_is_not_overridden_in_silence(run: Shell, option: str) -> None:
    file = str(run.auditor.trust_file)
    status, out, err = run("verify", option, file, option, file)
    assert (status, out) == (2, "")
    assert f"argument {option}: may be given once" in err


def test_options_that_would_not_be_looked_at_are_refused(run: Shell, tmp_path: Path) -> None:
    assert "--public-key: only for a packet: name its folder" in run("verify", "--public-key", "key.pub")[2]
    assert run("verify", "--public-key", "key.pub")[0] == 2
    status, _, err = run("verify", str(tmp_path), "--checkpoint", WRONG, "--every-object", repo=False)
    assert status == 2
    assert "--checkpoint, --every-object: only for the branch" in err
    for where in (("--repo", "."), ("--branch", "countersign/audit"), ("--branch", "")):
        status, _, err = run("verify", str(tmp_path), *where, repo=False)
        assert status == 2
        assert f"{where[0]}: only for the branch" in err


def test_a_file_of_a_packet_is_no_packet_and_its_folder_is_named(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    status, _, err = run("verify", str(tmp_path / "manifest.json"), repo=False)
    assert status == 2
    assert err.endswith(f"is a file: name the packet's folder, such as {tmp_path}\n")
    assert re.fullmatch(r"countersign audit: \S+ is a file: [^\n]+\n", err)

"""What decided, in a packet: every policy of the change's records, what stood beside them, and a word for whatever is not there."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from countersign.adapters.gitcmd import run_git
from countersign.adapters.packet import read_packet
from countersign.adapters.shown_diff import LIMIT
from countersign.attestation.packets.check import check
from countersign.attestation.packets.problem import PacketError
from countersign.attestation.record import Draft, RecordKind
from countersign.domain.ids import digest_of
from countersign.domain.policy_sources import Source
from countersign.domain.policy_yaml import read_draft
from tests.builders import SHOP_POLICY
from tests.support.audit import CHANGE, START, Remote, signer, trust_line, trust_root
from tests.support.auditor import Auditor
from tests.support.bodies import body
from tests.support.packets import relisted, told
from tests.support.shelf import Shell

OWNERS = b"* @acme/web\n"
FLOOR = (
    b"version: 1\nteams: {leads: [acme/leads]}\ntiers: {critical: {mode: approve, approvals: [{from: leads}]}}\n"
    b"unmatched: critical\n"
)
OLD = f"codeowners: CODEOWNERS\n{SHOP_POLICY}".encode()
NEW = OLD + f"extends: {{project: acme/policies, commit: {'a' * 40}, file: floor.yaml}}\n".encode()
_WHO = {
    f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "shop"), ("EMAIL", "s@x.example"))
}


@dataclass(slots=True)
class Shop:
    """A repository whose code and audit branch lie side by side, and what was decided in it."""

    remote: Remote
    drafts: list[Draft] = field(default_factory=list)

    def commit(self, files: dict[str, bytes]) -> str:
        """Put files into a commit without a parent."""
        folder = self.remote.home / "work"
        run_git(["init", "--quiet", str(folder)], cwd=self.remote.home)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        run_git(["add", "--all"], cwd=folder)
        run_git(["commit", "--quiet", "--message", "The shop"], cwd=folder, env_extra=_WHO)
        run_git(["push", "--quiet", "--force", str(self.remote.path), "HEAD:refs/heads/main"], cwd=folder)
        return run_git(["rev-parse", "HEAD"], cwd=folder).decode().strip()

    def decided(self, policy: bytes, commit: str, change: dict[str, object] | None = None) -> None:
        """Have a policy decide, with owners and floor as they stand here."""
        found = {Source("CODEOWNERS"): OWNERS, Source("floor.yaml", "acme/policies", "a" * 40): FLOOR}
        named = {"commit": commit, "digest": digest_of(policy)}
        whole = body(RecordKind.ASSESSED)
        decision = dict(whole["decision"]) | {"beside_digest": read_draft(policy).beside_digest(found)}  # type: ignore[call-overload]
        seen = dict(whole["change"]) | (change or {})  # type: ignore[call-overload]  # both are objects
        number = len(self.drafts)
        self.drafts.append(
            Draft(
                RecordKind.ASSESSED,
                f"assessed/{number}",
                "Asks",
                CHANGE,
                None,
                START,
                whole | {"change": seen, "decision": decision, "policy": named},
            )
        )

    def shell(self, capsys: pytest.CaptureFixture[str]) -> Shell:
        """Record it all, and clone."""
        self.remote.fill(self.drafts)
        return Shell(Auditor.of(self.remote.path, self.remote.home, trust_line(signer())), capsys)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(Remote.make(tmp_path))


@pytest.fixture
def floor(tmp_path: Path) -> str:
    (tmp_path / "floor.yaml").write_bytes(FLOOR)
    return str(tmp_path / "floor.yaml")


@pytest.fixture
def run(shop: Shop, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Two policies decided on the change; the newer one extends a floor."""
    for policy in (OLD, NEW):
        shop.decided(policy, shop.commit({".countersign/policy.yaml": policy, "CODEOWNERS": OWNERS}))
    return shop.shell(capsys)


def missing(folder: Path) -> dict[str, str]:
    found = told(read_packet(folder))["missing"]
    assert isinstance(found, dict)
    return found


def test_every_policy_and_every_file_beside_it_are_there(run: Shell, floor: str, tmp_path: Path) -> None:
    packet = tmp_path / "packet"
    assert run("packet", "!7", "--out", str(packet), "--floor", floor)[0] == 0
    files = read_packet(packet)
    assert files["policy.yaml"] == NEW
    assert files[f"policies/{digest_of(OLD).removeprefix('sha256:')}.yaml"] == OLD
    beside = {name: data for name, data in files.items() if name.startswith("beside/")}
    assert {data for name, data in beside.items() if not name.endswith(".json")} == {OWNERS, FLOOR}
    listed = [json.loads(data) for name, data in beside.items() if name.endswith(".json")]
    owners = {"CODEOWNERS": digest_of(OWNERS)}
    assert sorted(listed, key=len) == [owners, {**owners, f"acme/policies@{'a' * 12}:floor.yaml": digest_of(FLOOR)}]
    assert set(missing(packet)) == {"diff.patch"}
    status, _, err = run("verify", str(packet), repo=False)
    assert status == 0
    assert "beside/" not in err


def test_what_was_not_to_be_had_is_listed_whoever_wrote_the_manifest(run: Shell, tmp_path: Path) -> None:
    packet = tmp_path / "packet"
    status, out, _ = run("packet", "!7", "--out", str(packet))
    assert status == 0
    (name,) = set(missing(packet)) - {"diff.patch"}
    assert f"note: {name} is not in it: CODEOWNERS, acme/policies@aaaaaaaaaaaa:floor.yaml: " in out
    assert "give a copy with --floor" in out
    assert f"not shown: {name} is not here: CODEOWNERS, acme" in run("verify", str(packet), repo=False)[2]
    changed = relisted(read_packet(packet), missing={})
    for written in ("manifest.json", "SHA256SUMS"):
        (packet / written).write_bytes(changed[written])
    assert f"not shown: {name} is not here: the manifest does not say why" in run("verify", str(packet), repo=False)[2]


def test_another_copy_of_the_floor_proves_nothing(run: Shell, floor: str, tmp_path: Path) -> None:
    Path(floor).write_bytes(FLOOR + b"# more\n")
    out = run("packet", "!7", "--out", str(tmp_path / "packet"), "--floor", floor)[1]
    assert "the clone, or the copy of the floor, has others than the record names" in out
    assert run("verify", str(tmp_path / "packet"), repo=False)[0] == 0


def test_any_of_these_files_that_is_changed_dropped_or_added_is_found(run: Shell, floor: str, tmp_path: Path) -> None:
    run("packet", "!7", "--out", str(tmp_path / "packet"), "--floor", floor)
    files = read_packet(tmp_path / "packet")

    def wrong(changed: dict[str, bytes]) -> None:
        with pytest.raises(PacketError):
            check(relisted(changed), trust_root(), [])

    ours = [name for name in files if name.startswith(("policies/", "beside/"))]
    assert len(ours) == 5
    for name in ours:
        wrong(files | {name: files[name] + b" "})
        if name.startswith("beside/") and not name.endswith(".json"):
            wrong({other: data for other, data in files.items() if other != name})
    wrong(files | {f"policies/{digest_of(b'{}').removeprefix('sha256:')}.yaml": b"{}"})


@pytest.mark.parametrize("cut", [False, True], ids=["fallback", "cut"])
def test_a_diff_that_is_not_the_whole_of_what_was_decided_on_says_so(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, cut: bool
) -> None:
    base = shop.commit({".countersign/policy.yaml": OLD, "CODEOWNERS": OWNERS})
    head = shop.commit({"more.txt": b"x\n" * (LIMIT if cut else 1)})
    tree = run_git(["rev-parse", f"{head}^{{tree}}"], cwd=shop.remote.path).decode().strip()
    shop.decided(OLD, base, {"base": base, "head": head, "tree": tree if cut else "e" * 40})
    run, packet = shop.shell(capsys), tmp_path / "packet"
    out = run("packet", "!7", "--out", str(packet))[1]
    why = "bytes are more than is shown" if cut else "this compares the head with where it branched off"
    assert why in missing(packet)["diff.patch"]
    assert "note: diff.patch is not whole: " in out
    assert (packet / "diff.patch").is_file()
    assert "not shown: diff.patch is not whole: " in run("verify", str(packet), repo=False)[2]

"""`countersign policy explain` on a clone: paths, diffs and merge requests, without a network and without leaving a trace."""

import json
from pathlib import Path

import pytest

from countersign.cli.main import main
from tests.builders import SHOP_POLICY
from tests.support.scratch import Scratch

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
BY_AGENT = "Add a column\n\nCountersign-Agent: shop-agent\nCountersign-Sponsor: sam\n"


@pytest.fixture
def clone(tmp_path: Path) -> Scratch:
    scratch = Scratch(tmp_path / "clone")
    scratch.commit({".countersign/policy.yaml": SHOP_POLICY, "README.md": "The shop\n"})
    return scratch


def explain(clone: Scratch, *args: str) -> int:
    return main(["policy", "explain", "--repo", str(clone.folder), "--at", "2026-11-24T12:00Z", *args])


def test_it_reads_as_the_design_says(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(clone, "db/production/checkout/V1.sql") == 10
    lines = [" ".join(line.split()).replace(f"{clone.folder}/", "") for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "needs approval · tier critical · 2 of leads + web · 4 h",
        "medium environment production at_least .countersign/policy.yaml:11",
        "medium migrations in production db/production/** .countersign/policy.yaml:17",
        "critical service checkout at_least .countersign/policy.yaml:14 <- decides",
        (
            "action migrate -> credentials database (postgres, shop_production, shop_production, db.shop.example:5432, 10 m), "
            "network production (db.shop.example:5432, s3.shop.example:443)"
        ),
        "runs migrate db/production/checkout/V1.sql",
        "to make this medium: change services.checkout.at_least (a change to the policy, critical)",
        "looked at: these paths, whatever their contents; approvals are not looked at",
    ]


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (["./db/staging/shop/a.sql"], 0, "would run · tier low"),
        (["README.md"], 0, "nothing to run: people may merge it · tier low"),
        (["db/production/shop/a.sql", "--at", "2026-12-24T12:00+01:00"], 11, "frozen until 2027-01-04 07:00 UTC · tier medium"),
        (["db/production/shop/a.sql", "db/staging/shop/a.sql"], 20, "refused"),
        (["../a"], 20, "to pass: rename the file"),
        (["lib/x"], 10, "to make this medium: add a rule for lib/x (a change to the policy, critical)"),
        (["db/staging/shop/a.sql", "--agent", "nobody"], 20, "the policy does not know the agent 'nobody'"),
        (["db/staging/shop/a.sql", "--agent", "shop-agent"], 0, "would run"),
    ],
)
def test_paths(clone: Scratch, capsys: pytest.CaptureFixture[str], args: list[str], status: int, says: str) -> None:
    assert explain(clone, *args) == status
    assert says in capsys.readouterr().out


def test_a_real_diff_is_measured(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    clone.commit({"db/staging/shop/V2.sql": "DROP TABLE orders;\n"}, branch="work")
    assert explain(clone, "--base", "main", "--head", "work") == 20
    assert "People retire data, with the runbook." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ref", "target"),
    [
        ("refs/merge-requests/41/head", "!41"),
        ("refs/pull/41/head", "!41"),
        ("refs/remotes/origin/merge-requests/41", "!41"),
        ("refs/pull/41/head", "https://forge.example/acme/shop/pull/41/files"),
        ("refs/merge-requests/41/head", "https://forge.example/acme/shop/-/merge_requests/41"),
    ],
)
def test_a_merge_request_that_was_fetched(clone: Scratch, capsys: pytest.CaptureFixture[str], ref: str, target: str) -> None:
    clone.git("remote", "add", "origin", "git@forge.example:acme/shop.git")
    clone.point(ref, clone.commit({"db/staging/shop/V2.sql": ADD}, BY_AGENT, branch="work"))
    assert explain(clone, target, "--format", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["outcome"] == "autonomous"
    assert answer["decision"]["plan"]["argv"] == ["migrate", "db/staging/shop/V2.sql"]


def test_the_policy_is_that_of_the_protected_branch(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    lax = SHOP_POLICY.replace("tier: medium, because", "tier: low, because").replace("at_least: medium, ", "")
    clone.commit({"db/production/shop/V2.sql": ADD}, branch="work")
    clone.write({".countersign/policy.yaml": lax})
    assert explain(clone, "--head", "work") == 10
    assert explain(clone, "--head", "work", "--policy", str(clone.folder / ".countersign/policy.yaml")) == 0
    assert "would run · tier low" in capsys.readouterr().out


def test_the_remotes_branch_goes_before_the_local_one(clone: Scratch) -> None:
    clone.point("refs/remotes/origin/main", clone.commit({}))
    clone.commit({".countersign/policy.yaml": "version: 1\n"})
    clone.commit({"README.md": "The shop!\n"}, branch="work")
    assert explain(clone, "--head", "work") == 20  # the local policy file changes as well, and stands not alone
    assert explain(clone, "--head", "origin/main", "--base", "origin/main") == 20


def test_nothing_is_left_in_the_clone(clone: Scratch) -> None:
    clone.commit({"README.md": "Other words\n"})
    clone.commit({"db/staging/shop/V2.sql": ADD}, branch="work")
    clone.commit({"docs/a.md": "moved on\n"})
    before = clone.everything()
    assert explain(clone, "--head", "work") == 0
    assert clone.everything() == before


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        ([], 2, "give paths, or one merge request, or --base and --head"),
        (["a", "--head", "main"], 2, "give paths"),
        (["--base", "main"], 2, "give --head too"),
        (["https://forge.example/acme/shop"], 2, "ends in /-/merge_requests/41"),
        (["--head", "--output=x"], 2, "expected one argument"),
        (["--head", "-x"], 2, "expected one argument"),
        (["!43"], 30, "git fetch origin refs/merge-requests/43/head"),
        (["https://forge.example/other/shop/pull/41"], 30, "no remote of the clone is other/shop"),
        (["--head", "nowhere"], 30, "the clone has no commit 'nowhere'"),
        (["--head", "main", "--branch", "trunk"], 30, "no branch 'trunk'"),
        (["--head", "a b"], 2, "is no revision"),
        (["README.md", "--policy", "nowhere.yaml"], 30, "there is no nowhere.yaml"),
    ],
)
def test_what_could_not_be_checked(
    clone: Scratch, capsys: pytest.CaptureFixture[str], args: list[str], status: int, says: str
) -> None:
    assert explain(clone, *args) == status
    assert says in capsys.readouterr().err


FLOOR = """\
version: 1
teams: {leads: [acme/leads]}
tiers: {critical: {mode: approve, approvals: [{from: leads}]}}
unmatched: critical
rules:
  - {name: nobody touches the docs, paths: ["docs/**"], deny: Ask the writers.}
"""
EXTENDS = f"{SHOP_POLICY}extends: {{project: acme/policies, commit: {'a' * 40}, file: floor.yaml}}\n"


def test_a_floor_is_read_from_the_copy_that_is_given(clone: Scratch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clone.commit({".countersign/policy.yaml": EXTENDS})
    clone.commit({"docs/a.md": "words\n"}, branch="work")
    floor = tmp_path / "floor.yaml"
    floor.write_text(FLOOR)
    assert explain(clone, "--head", "work") == 30
    assert "extends a floor of acme/policies; give a copy of it with --floor FILE" in capsys.readouterr().err
    for target in (["--head", "work"], ["docs/a.md"]):
        assert explain(clone, *target, "--floor", str(floor)) == 20
        assert "nobody touches the docs" in capsys.readouterr().out
    assert explain(clone, "--head", "work", "--floor", str(tmp_path / "none")) == 2


def test_a_policy_that_does_not_load_refuses(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    clone.commit({".countersign/policy.yaml": "version: 1\n"})
    clone.commit({"README.md": "x\n"}, branch="work")
    assert explain(clone, "README.md") == 20
    assert explain(clone, "--head", "work", "--format", "json") == 20
    assert "rules: is missing" in json.loads(capsys.readouterr().out.splitlines()[-1])["why"]


def test_a_conflict_refuses(clone: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    clone.commit({"README.md": "theirs\n"}, branch="work")
    clone.commit({"README.md": "ours\n"})
    assert explain(clone, "--head", "work") == 20
    assert "conflicts with 'main'" in capsys.readouterr().out


def test_a_folder_that_is_no_clone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "--repo", str(tmp_path), "--head", "main"]) == 30
    assert "is in no git repository" in capsys.readouterr().err


class TestPlans:
    POLICY = SHOP_POLICY.replace(
        "rules:\n",
        "rules:\n  - {name: network code, paths: ['net/**'], tier: medium}\n"
        "  - {name: databases stay, paths: ['**'], plan: {deletes: [aws_db_instance]}, deny: no database goes}\n",
        1,
    )

    @pytest.fixture
    def diff(self, tmp_path: Path) -> Scratch:
        scratch = Scratch(tmp_path / "clone")
        scratch.commit({".countersign/policy.yaml": self.POLICY, "net/eu/main.tf": "# one\n"})
        scratch.commit({"net/eu/main.tf": "# two\n"}, branch="work")
        return scratch

    def plan(self, folder: Path, *actions: str) -> str:
        resource = {
            "address": "aws_db_instance.orders",
            "mode": "managed",
            "type": "aws_db_instance",
            "name": "orders",
            "change": {"actions": list(actions), "before": {"id": "1"}, "after": None if actions == ("delete",) else {"id": "1"}},
        }
        file = folder / "plan.json"
        file.write_text(json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": [resource]}))
        return str(file)

    def test_without_a_plan_the_rule_cannot_be_asked(self, diff: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
        assert explain(diff, "--base", "main", "--head", "work") == 20
        assert "there is no plan of it" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("actions", "status", "says"), [(("update",), 10, "tier medium"), (("delete",), 20, "no database goes")]
    )
    def test_the_plan_decides(
        self, diff: Scratch, tmp_path: Path, capsys: pytest.CaptureFixture[str], actions: tuple[str, ...], status: int, says: str
    ) -> None:
        given = self.plan(tmp_path, *actions)
        assert explain(diff, "--base", "main", "--head", "work", "--plan", f"./net/eu/={given}") == status
        assert says in capsys.readouterr().out

    def test_a_plan_of_another_folder_says_nothing_of_this_one(
        self, diff: Scratch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert explain(diff, "--base", "main", "--head", "work", "--plan", f"net/us={self.plan(tmp_path, 'update')}") == 20
        assert "there is no plan of it" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("args", "says"),
        [
            (["net/eu/main.tf", "--plan", "x"], "--plan goes with a real diff"),
            (["--base", "main", "--head", "work", "--plan", "nowhere.json"], "nowhere.json: No such file"),
            (["--base", "main", "--head", "work", "--plan", "README.md", "--plan", ".=README.md"], "two plans of the top"),
        ],
    )
    def test_what_is_no_plan(
        self, diff: Scratch, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, args: list[str], says: str
    ) -> None:
        monkeypatch.chdir(Path(__file__).parents[3])
        assert explain(diff, *args) == 2
        assert says in capsys.readouterr().err

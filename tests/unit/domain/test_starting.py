"""A first policy: whatever lies in a repository, it loads, nothing in it is idle, and its own scenarios pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.lints import lint
from countersign.domain.policy_yaml import load_policy
from countersign.domain.scenarios.reader import read_scenarios
from countersign.domain.scenarios.trial import Trial
from countersign.domain.starting.draft import draft
from countersign.domain.starting.survey import survey
from tests.builders import NOON

SHOP = [
    ".gitlab-ci.yml",
    "README.md",
    "Dockerfile",
    "db/migrations/V1.sql",
    "deploy/production/shop/Chart.yaml",
    "deploy/production/shop/templates/a.yaml",
    "deploy/staging/shop/Chart.yaml",
    "infra/production/main.tf",
    "src/test/app.py",
]
PART = st.sampled_from(
    ["production", "staging", "test", "dev", "k8s", "src", "a b", "x{y}", "ü", ".github", ".countersign", "**", "a'\"b"]
)
NAME = st.sampled_from(
    ["Chart.yaml", "main.tf", "V1.sql", "Dockerfile", "kustomization.yaml", "a.py", "*.sh", "CODEOWNERS", "a: b"]
)
PATHS = st.lists(
    st.builds(lambda folders, name: "/".join([*folders, name]), st.lists(PART, max_size=4), NAME), max_size=25, unique=True
)


@given(
    PATHS, st.sampled_from([(), ("git@gitlab.example:acme/web/shop.git",), ("https://github.example/acme/shop",), ("/srv/git/x",)])
)
def test_what_is_written_is_fine(paths: list[str], remotes: tuple[str, ...]) -> None:
    written = draft(survey(paths, remotes=remotes), at=NOON)
    policy = load_policy(written.policy.encode())
    assert not lint(policy)
    for scenario in read_scenarios(written.scenarios.encode(), file="first.yaml"):
        verdict = Trial.of(scenario, policy).hold(policy)
        assert verdict.passed, verdict.differences


def test_a_shop_is_understood() -> None:
    found = survey(SHOP, remotes=["git@gitlab.example:acme/web/shop.git"], codeowners="docs/ @acme/writers\n* @dana @acme/leads\n")
    assert [one.name for one in found.found] == ["charts", "infrastructure", "database changes", "images"]
    assert found.environments == {
        "production": ("deploy/production/**", "infra/production/**"),
        "staging": ("deploy/staging/**",),
        "test": ("src/test/**",),
    }
    assert found.group == "acme/leads"
    assert found.forge == "gitlab"
    written = draft(found, at=NOON)
    policy = load_policy(written.policy.encode())
    assert policy.teams == {"owners": ("acme/leads",)}
    assert policy.document.environments["production"].at_least == "critical"
    assert "data that would be gone" in written.policy


@pytest.mark.parametrize(
    ("remotes", "group"),
    [
        (["git@gitlab.example:acme/web/shop.git"], "acme/web"),
        (["https://github.com/acme/shop"], "acme"),
        (["ssh://git@forge.example:22/acme/shop.git"], "acme"),
        (["../other"], None),
        (["/srv/git/shop.git"], None),
        ([], None),
    ],
)
def test_the_group_is_told_by_the_remote(remotes: list[str], group: str | None) -> None:
    assert survey(SHOP, remotes=remotes).group == group


def test_where_nothing_tells_the_group_the_file_says_so() -> None:
    assert "CHANGE THIS" in draft(survey(SHOP), at=NOON).policy


def test_folders_of_tests_are_no_environment() -> None:
    assert not survey(["src/test/a.py", "dev/b.py"]).environments

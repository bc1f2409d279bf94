"""Where policies are read: at the tip, with the files beside them, and floors by their commit."""

import pytest

from countersign.adapters.observe import household
from countersign.adapters.policies import Policies
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault, Refused
from tests.builders import NOON, SHOP_POLICY
from tests.fakes.forge import FakeForge
from tests.fakes.forge_world import ForgeWorld
from tests.fakes.repository import FakeRepository

POLICY = ".countersign/policy.yaml"
FLOOR = """\
version: 1
teams: {security: [acme/security]}
tiers: {open: {mode: autonomous}, looked-at: {mode: approve, approvals: [{from: security}]}}
unmatched: open
rules: [{name: migrations, paths: ["db/**"], tier: looked-at}]
"""


def repository(files: dict[str, str | None]) -> tuple[FakeRepository, Sha]:
    made = FakeRepository()
    tip = made.commit(dict(files))
    made.fetch()
    return made, tip


def more(made: FakeRepository) -> Sha:
    tip = made.commit({"README.md": "more"})
    made.fetch()
    return tip


def extending(commit: str) -> str:
    return f"extends: {{project: acme/policies, commit: {commit}, file: floor.yaml}}\n{SHOP_POLICY}"


def test_without_a_policy_nothing_may_run() -> None:
    with pytest.raises(Refused, match=r"has no \.countersign/policy\.yaml"):
        Policies().at(*repository({"README.md": "words"}))


def test_one_that_does_not_load_is_told_whole() -> None:
    with pytest.raises(Refused, match=r"(?s)invalid:.*policy\.yaml:2:1: teems.*policy\.yaml:4:1: unmached"):
        Policies().at(*repository({POLICY: "version: 1\nteems: {}\n\nunmached: x\n"}))


def test_the_files_beside_it_come_from_the_same_commit() -> None:
    text = "codeowners: CODEOWNERS\n" + SHOP_POLICY
    made, first = repository({POLICY: text, "CODEOWNERS": "* @sam\n"})
    policies = Policies()
    one = policies.at(made, first)
    second = made.commit({"CODEOWNERS": "* @lea\n"})
    made.fetch()
    other = policies.at(made, second)
    assert one.digest == other.digest
    assert one.beside.digest != other.beside.digest
    assert [owner.name for owner in other.people("@lea")] == ["lea"]
    assert policies.at(made, first) is one


def test_what_was_compiled_is_not_compiled_again() -> None:
    made, tip = repository({POLICY: SHOP_POLICY})
    policies = Policies()
    assert policies.at(made, tip) is policies.at(made, more(made))


def test_a_floor_is_read_once_by_its_commit_and_fetched_where_it_is_not_there_yet() -> None:
    floors = FakeRepository()
    pinned = floors.commit({"floor.yaml": FLOOR})
    floors.commit({"floor.yaml": "no policy at all"})
    asked: list[str] = []

    def elsewhere(project: str) -> FakeRepository:
        asked.append(project)
        return floors

    policies = Policies(elsewhere)
    made, tip = repository({POLICY: extending(pinned)})
    policy = policies.at(made, tip)
    assert policy.beside.floor is not None
    assert policy.beside.floor.document.rules[0].name == "migrations"
    policies.at(made, more(made))
    assert asked == ["acme/policies"]


def test_a_floor_that_cannot_be_had_is_tried_again_and_one_without_the_file_refuses() -> None:
    made, tip = repository({POLICY: extending("f" * 40)})
    with pytest.raises(GitFault):
        Policies(lambda _: FakeRepository()).at(made, tip)
    floors, pinned = repository({"README.md": "no floor"})
    made, tip = repository({POLICY: extending(pinned)})
    with pytest.raises(Refused, match=r"floor\.yaml: not there"):
        Policies(lambda _: floors).at(made, tip)


def test_an_installation_that_reads_no_other_project_refuses() -> None:
    with pytest.raises(Refused, match="reads no policy of other projects"):
        Policies().at(*repository({POLICY: extending("f" * 40)}))


def test_it_does_not_grow_for_ever() -> None:
    policies = Policies(most=3)
    for number in range(8):
        policies.at(*repository({POLICY: SHOP_POLICY[: SHOP_POLICY.index("environments:")] + MINIMAL.format(number)}))
        assert 1 <= len(policies) <= 3


MINIMAL = "rules: [{{name: rule {}, paths: [x], tier: low}}]\n"


def test_a_household_reads_floors_where_it_is_told_to() -> None:
    """A process begins with policies that hold nothing yet; they are the ones that were meant all the same."""
    policies = Policies(lambda _: FakeRepository())
    forge = FakeForge(ForgeWorld(clock=lambda: NOON), me="countersign-bot")
    assert household(forge, branch="main", bot="countersign-bot", policies=policies).policies is policies

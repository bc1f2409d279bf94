"""What is remembered of paths changes no answer, and has a bound."""

from hypothesis import example, given
from hypothesis import strategies as st

from countersign.domain.always import always
from countersign.domain.decide import decide
from countersign.domain.decision import Effect
from countersign.domain.glob_index import GlobIndex
from countersign.domain.known_paths import KnownPaths
from countersign.domain.matching import touched
from countersign.domain.policy_yaml import load_policy
from tests.builders import NOON, SHOP_POLICY, proposal

LISTS = [["deploy/**", "!**/*.md"], ["*/production/**"], ["**/*.sh", "README.md"], ["src/*/x?.py"]]
NAMES = st.sampled_from(["", "/", "//", "deploy", "production", "src", "a", "..", "x1.py", "run.sh", "sh", "README.md", "é", "a b"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
ODD = "infra/terraform.tfstate"


@given(st.lists(st.lists(PATHS, max_size=6), max_size=6))
@example([["//a/b"], ["deploy/a"]])
@example([["/a"], ["a", "a/b"]])
def test_the_answer_for_a_path_never_depends_on_what_was_asked_before(looks: list[list[str]]) -> None:
    known = KnownPaths(GlobIndex(LISTS))
    for paths in looks:
        assert known.look(paths) == KnownPaths(GlobIndex(LISTS)).look(paths)
        assert known.look(paths) == KnownPaths(GlobIndex(LISTS)).look(paths), "asking again changes nothing"


def test_a_path_that_is_refused_is_refused_again_whatever_stood_beside_it() -> None:
    policy = load_policy(SHOP_POLICY.encode())
    for odd in (ODD, "a\\b", "docs/\u202ea.md"):
        for paths in (["docs/a.md"], [odd, "docs/a.md"], ["docs/a.md"], [odd], [odd, "docs/b.md"]):
            refused = decide(policy, proposal(*paths), now=NOON).effect is Effect.REFUSED
            assert refused is (odd in paths)


def test_only_ordinary_paths_are_taken_for_ordinary() -> None:
    policy = load_policy(SHOP_POLICY.encode())
    for paths in (["docs/a.md"], ["infra/.terraform.lock.hcl"]):
        change = proposal(*paths)
        assert not list(always(policy, change, touched(policy, change.facts)))


def test_the_memory_for_paths_is_bounded() -> None:
    known = KnownPaths(GlobIndex(LISTS))
    for number in range(40):
        known.look([f"deploy/{number}/{file}" for file in range(1000)])
    assert len(known._known) <= 32768 + 1000  # noqa: SLF001 - the bound is the point

"""Laws of deciding, for any change: what must hold whatever the paths, the order of the file, or the approvals."""

import re
from datetime import timedelta
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.canonical import canonical_json
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import FileChange, FileStatus, Kind
from countersign.domain.people import Person
from countersign.domain.policy import Policy
from countersign.domain.policy_yaml import load_policy
from tests.builders import LEA, LOU, NOON, SAM, SHOP_POLICY, WANDA, WIM, evidence, file_change, proposal, shop_policy
from tests.support.policies import policy

POLICY = shop_policy()
PATHS = st.sampled_from(
    [
        "db/staging/shop/V1.sql",
        "db/staging/shop/V2.sql",
        "db/production/shop/V1.sql",
        "db/production/checkout/V1.sql",
        "site/production/shop/index.html",
        "site/staging/shop/index.html",
        "docs/hours.md",
        "README.md",
        "AGENTS.md",
        ".countersign/policy.yaml",
        "somewhere/else.txt",
        "../escape",
        "a//b",
    ]
)
FILES = st.builds(
    file_change,
    PATHS,
    st.sampled_from(list(FileStatus)),
    kinds=st.lists(st.sampled_from(list(Kind)), max_size=2),
)
CHANGES = st.lists(FILES, min_size=1, max_size=5, unique_by=lambda file: file.path)
PEOPLE = st.lists(st.sampled_from([WANDA, WIM, LEA, LOU, SAM]), max_size=5, unique=True)
ORDER = list(POLICY.document.tiers)


def strictness(decision: Decision) -> tuple[Effect, int]:
    return decision.effect, ORDER.index(decision.tier or ORDER[-1])


@given(CHANGES, FILES)
def test_adding_a_file_never_loosens(files: list[FileChange], another: FileChange) -> None:
    if another.path in {file.path for file in files}:
        return
    before = decide(POLICY, proposal(*files), now=NOON)
    after = decide(POLICY, proposal(*files, another), now=NOON)
    if before.effect is Effect.REFUSED and "only deletes" in " ".join(reason.text for reason in before.deciding):
        return  # a change that has nothing to run may become one that has
    assert after.effect >= before.effect
    assert strictness(after)[1] >= strictness(before)[1]


def reordered(text: str, seed: int) -> str:
    """Turn the rules round and swap siblings; tiers keep their order, which has a meaning."""
    head, rest = text.split("rules:\n", 1)
    body, tail = rest.split("freezes:\n", 1)
    rules = re.findall(r"  - .*?(?=\n  - |\Z)", body.rstrip("\n"), re.DOTALL)
    turned = rules[seed % len(rules) :] + rules[: seed % len(rules)]
    if seed % 2:
        turned.reverse()
        head = re.sub(r"(  staging: .*\n)(  production: .*\n)", r"\2\1", head)
        head = re.sub(r"(  shop: .*\n)(  checkout: .*\n)", r"\2\1", head)
    return head + "rules:\n" + "\n".join(turned) + "\nfreezes:\n" + tail


TURNED = st.sampled_from(range(6)).map(lambda seed: policy(reordered(SHOP_POLICY, seed)))


def without_places(decision: Decision) -> list[object]:
    return [
        decision.effect,
        decision.tier,
        decision.plan,
        decision.needs,
        sorted((reason.rule, reason.text, reason.path or "", reason.decides) for reason in decision.reasons),
    ]


@given(CHANGES, PEOPLE, TURNED)
def test_the_order_of_rules_and_siblings_has_no_meaning(files: list[FileChange], people: list[Person], turned: Policy) -> None:
    change, given_ = proposal(*files), evidence(*people)
    assert without_places(decide(POLICY, change, given_, now=NOON)) == without_places(decide(turned, change, given_, now=NOON))


DENY = SHOP_POLICY.replace("freezes:\n", '  - {name: never, paths: ["site/**"], deny: No.}\nfreezes:\n', 1)
FREEZE = SHOP_POLICY.replace("freezes: [year-end]", "freezes: [year-end, now]").replace(
    "freezes:\n", "freezes:\n  now: {start: 2026-11-01T00:00, end: 2026-12-01T00:00, zone: UTC}\n", 1
)


@given(CHANGES, PEOPLE, st.sampled_from([DENY, FREEZE]).map(policy))
def test_adding_a_deny_or_a_freeze_never_loosens(files: list[FileChange], people: list[Person], stricter: Policy) -> None:
    change, given_ = proposal(*files), evidence(*people)
    before, after = decide(POLICY, change, given_, now=NOON), decide(stricter, change, given_, now=NOON)
    assert after.effect >= before.effect
    assert before.satisfied or not after.satisfied


@given(CHANGES, PEOPLE, PEOPLE)
def test_more_approvals_never_make_it_stricter(files: list[FileChange], some: list[Person], more: list[Person]) -> None:
    change = proposal(*files)
    fewer = decide(POLICY, change, evidence(*some), now=NOON)
    all_of_them = decide(POLICY, change, evidence(*{person.id: person for person in some + more}.values()), now=NOON)
    assert all_of_them.effect is fewer.effect
    assert all_of_them.satisfied or not fewer.satisfied


@given(CHANGES, PEOPLE)
def test_no_person_fills_two_slots_and_nobody_excluded_fills_one(files: list[FileChange], people: list[Person]) -> None:
    decision = decide(POLICY, proposal(*files), evidence(*people), now=NOON)
    seated = [person for need in decision.needs for person in need.filled_by]
    assert len(seated) == len(set(seated))
    assert SAM not in seated
    assert all(len(need.filled_by) <= need.count for need in decision.needs)


@cache
def read_again() -> Policy:
    return load_policy(SHOP_POLICY.encode())


@given(CHANGES, PEOPLE)
def test_equal_inputs_give_equal_bytes(files: list[FileChange], people: list[Person]) -> None:
    one = decide(POLICY, proposal(*files), evidence(*people), now=NOON)
    other = decide(read_again(), proposal(*reversed(files)), evidence(*reversed(people)), now=NOON)
    assert canonical_json(one.document()) == canonical_json(other.document())


@given(CHANGES)
def test_time_alone_never_lets_through_what_waits(files: list[FileChange]) -> None:
    now = decide(POLICY, proposal(*files), evidence(WANDA), now=NOON)
    later = decide(POLICY, proposal(*files), evidence(WANDA), now=NOON + timedelta(days=400))
    assert now.satisfied or not later.satisfied or now.effect is Effect.FROZEN


@given(CHANGES)
def test_a_refusal_says_why_and_nothing_refused_is_satisfied(files: list[FileChange]) -> None:
    decision = decide(POLICY, proposal(*files), evidence(WANDA, WIM, LEA, LOU), now=NOON)
    if decision.effect is Effect.REFUSED:
        assert decision.deciding
        assert not decision.satisfied


@given(
    st.sampled_from(["staging", "production"]),
    st.text("abcXYZ019_.~ ", max_size=8),
    st.sampled_from(["", ".", ".txt", ".SQL", ".sql", ".psql", ".sql.bak", ".sqlx", "sql", ".\uff53\uff51\uff4c"]),
)
def test_no_other_name_gets_a_dropped_table_through(environment: str, stem: str, ending: str) -> None:
    dropped = {f"db/{environment}/shop/V{stem}{ending}": "DROP TABLE executives;\n"}
    decision = decide(POLICY, proposal(sql=dropped), evidence(WANDA, WIM, LEA, LOU), now=NOON)
    assert decision.effect is Effect.REFUSED

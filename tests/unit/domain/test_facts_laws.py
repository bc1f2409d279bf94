"""Laws of facts: more that is seen never loosens, and objects are found again wherever they move."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.analysers.kubernetes import effects, manifests
from countersign.domain.analysers.structured import read
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import Act, Facts, Measured, Removed, Signal, Unclear
from tests.builders import NOON, evidence, file_change, proposal, shop_policy

from tests.builders import LEA, LOU, WANDA  # isort: skip

RULES = "  - {name: words for people"
POLICY = shop_policy(
    (
        RULES,
        """  - {name: stores, plan: {deletes: ["aws_*", Namespace], turns_off: ["*"]}, removes: [keep], deny: No.}
  - {name: servers, paths: ["infra/**", "docs/**"], plan: {replaces: [server]}, tier: critical}
"""
        + RULES,
    )
)
ORDER = list(POLICY.document.tiers)
PATHS = ["db/staging/shop/V1.sql", "docs/a.md", "infra/main.tf", "deploy/x.yaml"]
PLACE = st.sampled_from([*PATHS, "infra", "elsewhere", ""])
KIND = st.sampled_from(["table", "aws_db_instance", "Namespace", "server", "versioning", "isolation"])
MORE = st.one_of(
    st.builds(Measured, st.sampled_from(list(Act)), KIND, st.just("x"), PLACE),
    st.builds(Removed, PLACE, st.just(1), st.sampled_from(["keep: true", "other"])),
    st.builds(Signal, st.just("long line"), PLACE, st.just(1), st.just("x")),
    st.builds(Unclear, PLACE, st.just(1), st.just("why")),
)
FIELDS = {Measured: ["effects"], Removed: ["removed"], Signal: ["signals"], Unclear: ["unclear", "unread", "unparsed"]}


def seen(files: list[str], found: list[object]) -> Facts:
    facts = Facts(tuple(file_change(path) for path in sorted(files)), planned=("infra",))
    for item in found:
        for name in FIELDS[type(item)]:
            facts = replace(facts, **{name: (*getattr(facts, name), item)})
    return facts


def strictness(decision: Decision) -> tuple[Effect, int]:
    return decision.effect, ORDER.index(decision.tier or ORDER[-1])


@given(st.lists(st.sampled_from(PATHS), min_size=1, unique=True), st.lists(MORE, max_size=4), MORE)
def test_whatever_else_is_seen_never_loosens(files: list[str], found: list[object], another: object) -> None:
    people = evidence(WANDA, LEA, LOU)
    before = decide(POLICY, proposal(found=seen(files, found)), people, now=NOON)
    after = decide(POLICY, proposal(found=seen(files, [*found, another])), people, now=NOON)
    assert after.effect >= before.effect
    assert strictness(after)[1] >= strictness(before)[1]
    assert before.satisfied or not after.satisfied


@given(st.lists(st.sampled_from(PATHS), min_size=1, unique=True))
def test_a_plan_that_is_missing_never_loosens(files: list[str]) -> None:
    facts = seen(files, [])
    with_plan = decide(POLICY, proposal(found=facts), now=NOON)
    without = decide(POLICY, proposal(found=replace(facts, planned=())), now=NOON)
    assert strictness(without) >= strictness(with_plan)
    assert (without.effect is Effect.REFUSED) >= any(path.endswith(".tf") for path in files)


OBJECTS = st.lists(
    st.tuples(st.sampled_from(["Service", "Namespace", "ConfigMap"]), st.sampled_from("abc")), max_size=6, unique=True
)


@given(OBJECTS, OBJECTS, st.lists(st.sampled_from(["x.yaml", "y.yaml"]), min_size=12, max_size=12))
def test_what_is_deleted_is_what_is_nowhere_any_more(
    old: list[tuple[str, str]], new: list[tuple[str, str]], places: list[str]
) -> None:
    def put(objects: list[tuple[str, str]], into: list[str]) -> list[str]:
        texts = dict.fromkeys(["x.yaml", "y.yaml"], "")
        for (kind, name), place in zip(objects, into, strict=False):
            texts[place] += f"---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        return [texts["x.yaml"], texts["y.yaml"]]

    sides = []
    for objects, into in ((old, places[:6]), (new, places[6:])):
        texts = put(objects, into)
        named = zip(["a/x.yaml", "a/y.yaml"], texts, strict=True)
        sides.append([item for path, text in named if text for item in manifests(path, read(path, text))])
    gone = {(item.kind, item.name) for item in effects(*sides)}
    assert gone == set(old) - set(new)

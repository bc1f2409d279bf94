"""CODEOWNERS as the forges read it, and what a policy makes of it."""

import pytest

from countersign.domain.authorization import binding
from countersign.domain.codeowners import CodeOwners, Owner
from countersign.domain.decide import decide
from countersign.domain.decision import Effect
from countersign.domain.ids import MalformedError
from countersign.domain.people import Person
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Source
from tests.builders import LEA, LOU, MEMBERS, NOON, SHOP_POLICY, WANDA, WIM, evidence, proposal
from tests.support.policies import policy

FILE = """\
# people
*                 @acme/platform
*.sql             @acme/data @dana   # everywhere
/db/              @acme/web
/db/production/*  @lea
docs/             writer@acme.example
/odd\\ name/\\#x   @odd
unowned.txt
/deep/**/x.txt    @acme/deep
"""


def asked(path: str, text: str = FILE) -> list[str]:
    return [ask.name for ask in CodeOwners.read(text.encode()).asks(path)]


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("README.md", "@acme/platform"),
        ("a/b/c.txt", "@acme/platform"),
        ("a/V1.sql", "@dana or @acme/data"),
        ("db/staging/V1.sql", "@acme/web"),
        ("db/production/V1.sql", "@lea"),
        ("db/production/shop/V1.sql", "@acme/web"),
        ("docs/a.md", "writer@acme.example"),
        ("site/docs/a/b.md", "writer@acme.example"),
        ("odd name/#x", "@odd"),
        ("odd name/#x/below", "@odd"),
        ("deep/x.txt", "@acme/deep"),
        ("deep/a/b/x.txt", "@acme/deep"),
    ],
)
def test_the_last_line_that_matches_names_the_owners(path: str, owner: str) -> None:
    assert asked(path) == [owner]


def test_a_line_without_owners_takes_them_away() -> None:
    assert asked("unowned.txt") == []
    assert asked("a/unowned.txt") == []


def test_sections_each_ask_for_themselves() -> None:
    text = "* @all\n[Data][2] @acme/data\n*.sql\n/db/x.sql @dana\n^[Words] @acme/words\n*.md\n"
    owners = CodeOwners.read(text.encode())
    assert [(ask.name, ask.count) for ask in owners.asks("a.sql")] == [("@all", 1), ("@acme/data", 2)]
    assert [ask.name for ask in owners.asks("db/x.sql")] == ["@all", "@dana"]
    assert [ask.name for ask in owners.asks("a.md")] == ["@all", "@acme/words"]


def test_each_name_has_its_people() -> None:
    owners = CodeOwners.read(FILE.encode())
    assert owners.who["@dana or @acme/data"] == (Owner("account", "dana"), Owner("group", "acme/data"))
    assert owners.who["writer@acme.example"] == (Owner("email", "writer@acme.example"),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("* nobody", "line 1: 'nobody' is no owner"),
        ("* @a\n!secret @b", "line 2: exclusions"),
        ("* @a\n[broken @b", "line 2: exclusions"),
        ("a\\b @a", "line 1: a backslash"),
        ("*.[ch] @a", "line 1: a path pattern"),
        ("a**b @a", "line 1: '[*][*]' stands alone"),
        ("/../x @a", "line 1: a path pattern"),
        ("x @a\n" * 5001, "more than 5000 lines"),
        ("#" * 262_145, "more than 262144 bytes"),
    ],
)
def test_what_cannot_be_read_the_forges_way_is_not_read_at_all(text: str, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        CodeOwners.read(text.encode())


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(MalformedError, match="UTF-8"):
        CodeOwners.read(b"\xff\xfe")


POLICY_TEXT = (
    SHOP_POLICY.replace("teams:", "codeowners: CODEOWNERS\nteams:", 1)
    .replace('shop: {paths: ["*/*/shop/**"], owner: web}', 'shop: {paths: ["*/*/shop/**"], owner: codeowners}')
    .replace("medium: {mode: approve, approvals: [{from: web}]", "medium: {mode: approve, approvals: [{from: owner}]")
)
ONE, OTHER = "db/production/shop/V1.sql", "site/production/shop/index.html"
PEOPLE = {"@acme/db": frozenset({WANDA}), "@lea": frozenset({LEA}), **MEMBERS}


def owned(owners: str | None) -> Policy:
    found = {Source("CODEOWNERS"): None if owners is None else owners.encode()}
    return policy(POLICY_TEXT, *found.items())


def test_the_owners_of_every_path_are_asked() -> None:
    made = owned("/db/ @acme/db\n/db/production/shop/V2.sql @lea\n")
    change = proposal(ONE, "db/production/shop/V2.sql")
    decision = decide(made, change, now=NOON)
    assert [need.team for need in decision.needs] == ["@acme/db", "@lea"]
    assert made.people("@lea") == (Owner("account", "lea"),)
    assert not decide(made, change, evidence(WANDA, members=PEOPLE), now=NOON).satisfied
    assert decide(made, change, evidence(WANDA, LEA, members=PEOPLE), now=NOON).satisfied


@pytest.mark.parametrize(
    ("owners", "why"),
    [
        (None, "has no CODEOWNERS"),
        ("* @a\n!x @b\n", "CODEOWNERS: line 2"),
        ("/site/ @a\n", "names no owner"),
        ("", "names no owner"),
    ],
)
@pytest.mark.parametrize("people", [(), (WANDA, WIM, LEA, LOU)])
def test_where_no_owner_is_known_the_change_is_refused(owners: str | None, why: str, people: tuple[Person, ...]) -> None:
    decision = decide(owned(owners), proposal(ONE), evidence(*people, members=PEOPLE), now=NOON)
    assert decision.effect is Effect.REFUSED
    assert any(why in reason.text and reason.place is not None and reason.to_pass for reason in decision.deciding)


def test_what_does_not_need_the_file_goes_on_without_it() -> None:
    assert decide(owned(None), proposal("docs/hours.md"), now=NOON).effect is Effect.AUTONOMOUS


def test_a_change_of_the_file_is_a_change_of_the_policy() -> None:
    decision = decide(owned("* @a\n"), proposal("CODEOWNERS"), now=NOON)
    assert decision.tier == "critical"
    assert decide(owned("* @a\n"), proposal("CODEOWNERS", "README.md"), now=NOON).effect is Effect.REFUSED


def test_other_owners_are_another_policy() -> None:
    made = [owned(owners) for owners in (None, "* @a\n", "* @b\n")]
    assert len({one.beside.digest for one in made}) == 3
    bindings = {binding(proposal("docs/hours.md"), decide(one, proposal("docs/hours.md"), now=NOON)) for one in made}
    assert len(bindings) == 3


def test_a_crowd_of_owners_is_refused() -> None:
    made = owned("".join(f"/db/production/shop/V{number}.sql @owner-{number}\n" for number in range(21)))
    change = proposal(*(f"db/production/shop/V{number}.sql" for number in range(21)))
    decision = decide(made, change, now=NOON)
    assert decision.effect is Effect.REFUSED
    assert [reason.text for reason in decision.deciding] == ["21 owners would have to approve"]

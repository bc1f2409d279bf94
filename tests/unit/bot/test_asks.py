"""What an agent hands in: checked on entry, and written so that it says no more than it is."""

import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents import Agents
from bot.asks import Ask, MisaskedError
from countersign.domain.branches import is_branch_name
from countersign.domain.commit_people import people_of
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.neutral import neutral
from tests.builders import BASE
from tests.fakes.bot_face import AGENT_TOKEN, agents_file

ASK: dict[str, object] = {
    "project": "acme/shop",
    "base": BASE,
    "diff": "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-The shop\n+The shop, open\n",
    "title": "Say that we are open",
    "rationale": "Customers asked.",
    "sponsor": "sam",
}
LINES = st.text(min_size=1, max_size=200)


def commit(message: str) -> bytes:
    person = "countersign-bot <bot@forge.example> 1800000000 +0000"
    return f"tree {'0' * 40}\nauthor {person}\ncommitter {person}\n\n{message}".encode()


def test_everything_said_becomes_a_trailer() -> None:
    more = {
        "environment": "production",
        "action": "migrate",
        "skill": "add-a-column",
        "rollback": "drop the column",
        "tests": ["ran it in staging", "looked at the plan"],
        "not_sure": ["whether the index is used"],
        "assisted_by": "Claude:claude-opus-4-6",
    }
    people = people_of(Sha("1" * 40), commit(Ask.read(ASK | more).message("shop-agent")))
    assert people.emails == ("bot@forge.example",)
    assert people.trailers == (
        ("Countersign-Agent", "shop-agent"),
        ("Countersign-Sponsor", "sam"),
        ("Countersign-Environment", "production"),
        ("Countersign-Action", "migrate"),
        ("Countersign-Skill", "add-a-column"),
        ("Countersign-Rollback", "drop the column"),
        ("Countersign-Test", "ran it in staging"),
        ("Countersign-Test", "looked at the plan"),
        ("Countersign-Not-Sure", "whether the index is used"),
        ("Assisted-by", "Claude:claude-opus-4-6"),
    )


@pytest.mark.parametrize("field", sorted(ASK))
def test_what_is_missing_is_named(field: str) -> None:
    with pytest.raises(MisaskedError) as caught:
        Ask.read({name: value for name, value in ASK.items() if name != field})
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project", "shop"),
        ("project", "acme/../shop"),
        ("base", BASE[:12]),
        ("base", "main"),
        ("base", BASE + "\n"),
        ("diff", ""),
        ("title", ""),
        ("title", "two\nlines"),
        ("title", " blank first"),
        ("title", "zero\u200bwidth"),
        ("title", "Co-authored-by: Wanda <wanda@shop.example>"),
        ("title", "x" * 201),
        ("rationale", ""),
        ("rationale", "x" * 20_001),
        ("sponsor", "sam dana"),
        ("sponsor", "sam\nCountersign-Agent: other"),
        ("environment", "produc tion"),
        ("action", "AKIA" + "Q" * 16),
        ("skill", "any skill\nCountersign-Agent: other"),
        ("rollback", "none\n\nCountersign-Sponsor: lea"),
        ("tests", "one string"),
        ("tests", ["a"] * 21),
        ("tests", ["two\nlines"]),
        ("not_sure", [""]),
        ("approved", True),
        ("tier", "low"),
        ("branch", "main"),
    ],
)
def test_what_is_malformed_or_unknown_is_named(field: str, value: object) -> None:
    with pytest.raises(MisaskedError) as caught:
        Ask.read(ASK | {field: value})
    assert [name.partition(".")[0] for name in caught.value.fields] == [field]


@given(title=LINES, rollback=LINES, test=LINES, doubt=LINES)
def test_no_words_add_a_trailer_or_an_author(title: str, rollback: str, test: str, doubt: str) -> None:
    document = ASK | {"title": title, "rollback": rollback, "tests": [test], "not_sure": [doubt]}
    try:
        ask = Ask.read(document)
    except MisaskedError:
        return
    people = people_of(Sha("1" * 40), commit(ask.message("shop-agent")))
    assert people.emails == ("bot@forge.example",)
    assert people.trailers == (
        ("Countersign-Agent", "shop-agent"),
        ("Countersign-Sponsor", "sam"),
        ("Countersign-Rollback", rollback),
        ("Countersign-Test", test),
        ("Countersign-Not-Sure", doubt),
    )


@given(rationale=st.text(min_size=1, max_size=300), doubt=LINES)
def test_no_rationale_is_a_command_or_fetches_anything(rationale: str, doubt: str) -> None:
    try:
        written = Ask.read(ASK | {"rationale": rationale, "not_sure": [doubt]}).description("shop-agent")
    except MisaskedError:
        return
    assert written == neutral(written)
    for line in written.splitlines():
        assert not line.startswith("/")
        assert not line or line.startswith(("> ", ">", "- ", "Proposed by", "**Not sure about**"))


def test_the_same_content_is_the_same_proposal_and_any_other_is_not() -> None:
    ask = Ask.read(ASK)
    assert ask.branch("shop-agent") == Ask.read(dict(reversed(ASK.items()))).branch("shop-agent")
    others = [
        Ask.read(ASK | {field: value}).branch("shop-agent")
        for field, value in (("title", "x"), ("sponsor", "dana"), ("base", "c" * 40))
    ]
    names = {ask.branch("shop-agent"), ask.branch("baker"), *others}
    assert len(names) == 5
    assert all(is_branch_name(name) and name.startswith("proposals/") for name in names)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic " + AGENT_TOKEN,
        AGENT_TOKEN,
        f"Bearer {AGENT_TOKEN}x",
        f"Bearer {AGENT_TOKEN[:-1]}",
        f"Bearer  {AGENT_TOKEN}",
        "Bearer ü" * 5,
    ],
)
def test_whoever_does_not_bear_a_token_is_nobody(header: str | None) -> None:
    agents = Agents.parse(json.dumps(agents_file()).encode())
    assert agents.speaking(header) is None
    assert Agents().speaking(f"Bearer {AGENT_TOKEN}") is None
    found = agents.speaking(f"bearer {AGENT_TOKEN}")
    assert found is not None
    assert found.id == "shop-agent"


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "Shop Agent"},
        {"id": "../main"},
        {"id": ""},
        {"token_sha256": "e3b0c442"},
        {"token_sha256": "E" * 64},
        {"token_sha256": "b" * 64},
        {"id": "baker"},
        {"projects": []},
        {"projects": ["shop"]},
        {"sponsors": []},
        {"sponsors": ["a b"]},
        {"admin": True},
    ],
)
def test_an_agents_file_that_says_two_things_does_not_load(entry: dict[str, object]) -> None:
    baker = {"id": "baker", "token_sha256": "b" * 64, "projects": ["acme/bakery"], "sponsors": ["bea"]}
    shop = {"id": "shop-agent", "token_sha256": "a" * 64, "projects": ["acme/shop"], "sponsors": ["sam"]}
    Agents.parse(_json([baker, shop]))
    with pytest.raises(MalformedError):
        Agents.parse(_json([baker, shop | entry]))


def _json(entries: Sequence[Mapping[str, object]]) -> bytes:
    return json.dumps({"agents": entries}).encode()

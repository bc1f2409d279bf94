"""What a decision was made from goes into plain data and comes back exactly, whatever fields the values have by then."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.canonical import canonical_json
from countersign.domain.decide import decide
from countersign.domain.facts import FileStatus, Kind
from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.inputs import Inputs
from countersign.domain.plain import from_plain, to_plain
from countersign.domain.proposal import Claims
from tests.builders import LEA, LOU, NOON, WANDA, evidence, file_change, proposal, shop_policy

st.register_type_strategy(
    ChangeRef, st.builds(ChangeRef, st.text(ascii_lowercase, min_size=1).map("acme/{}".format), st.integers(1, 2**31 - 1))
)
st.register_type_strategy(
    datetime,
    st.datetimes(datetime(2, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=2, minutes=30))])),  # noqa: DTZ001
)

SOME = Inputs(
    proposal(
        file_change("db/staging/shop/1.sql", FileStatus.ADDED, kinds=[Kind.EXECUTABLE]),
        claims=Claims(rationale="because", environment="staging", tests=("make test",), not_sure=("the lock",)),
    ),
    evidence(WANDA, LEA, LOU),
    NOON,
)


@given(st.from_type(Inputs))
def test_what_was_written_is_read_back_exactly(inputs: Inputs) -> None:
    written = json.loads(canonical_json(inputs.document()))
    assert Inputs.read(written) == inputs
    assert canonical_json(Inputs.read(written).document()) == canonical_json(inputs.document())


@given(st.from_type(Inputs))
def test_words_do_not_bear_on_the_decision(inputs: Inputs) -> None:
    policy, bare = shop_policy(), inputs.without_words()
    assert decide(policy, bare.proposal, bare.evidence, now=bare.now) == decide(
        policy, inputs.proposal, inputs.evidence, now=inputs.now
    )


def test_words_and_addresses_are_left_out() -> None:
    text = canonical_json(SOME.without_words().document()).decode()
    for word in ("because", "make test", "the lock", "@shop.example"):
        assert word in canonical_json(SOME.document()).decode()
        assert word not in text


def test_a_way_back_is_left_out_unless_there_is_none() -> None:
    for said, kept in (("none", "none"), ("ask rosa@mail.example.com", ""), (None, None)):
        claims = replace(SOME.proposal.claims, rollback=said)
        assert replace(SOME, proposal=replace(SOME.proposal, claims=claims)).without_words().proposal.claims.rollback == kept


def test_equal_inputs_have_equal_digests_and_others_do_not() -> None:
    assert SOME.digest() == replace(SOME, now=NOON.astimezone(timezone(timedelta(hours=1)))).digest()
    assert SOME.digest() != replace(SOME, now=NOON + timedelta(microseconds=1)).digest()


@dataclass(frozen=True, slots=True)
class Later:
    """What a value may look like in another version."""

    name: str
    sizes: tuple[tuple[str, int], ...] = ()
    limit: int | None = None
    seen: frozenset[Kind] = field(default_factory=frozenset)


def test_a_field_that_is_not_there_is_its_default() -> None:
    assert to_plain(Later("a")) == {"name": "a"}
    assert from_plain(Later, {"name": "a"}) == Later("a")


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (None, "document is no object"),
        ({}, "document.name is missing"),
        ({"name": 3}, "document.name is no str"),
        ({"name": "a", "more": 1}, "document.more is not known"),
        ({"name": "a", "limit": True}, "document.limit is of another type"),
        ({"name": "a", "limit": "3"}, "document.limit is of another type"),
        ({"name": "a", "sizes": [["b"]]}, "document.sizes.0 has not 2 parts"),
        ({"name": "a", "sizes": {"b": 1}}, "document.sizes is no list"),
        ({"name": "a", "seen": ["sock"]}, "document.seen is not of its form"),
        ({"name": "a", "seen": [{"value": "symlink"}]}, "document.seen is not of its form"),
        ({"name": "a", "seen": [["symlink"]]}, "document.seen is not of its form"),
    ],
)
def test_what_is_not_of_the_form_is_refused_with_its_field(document: object, names: str) -> None:
    with pytest.raises(MalformedError) as raised:
        from_plain(Later, document)
    assert str(raised.value).startswith(names)


@pytest.mark.parametrize("moment", ["2026-11-24", "2026-11-24T12:00:00", "2026-11-24T12:00:00+00:00", "noon", 3])
def test_a_time_has_one_form(moment: object) -> None:
    document = SOME.document()
    assert isinstance(document, dict)
    with pytest.raises(MalformedError, match=r"inputs\.now is no time"):
        Inputs.read(document | {"now": moment})


def test_what_has_no_plain_form_is_an_error() -> None:
    with pytest.raises(MalformedError):
        to_plain(1.5)
    with pytest.raises(MalformedError):
        to_plain(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point

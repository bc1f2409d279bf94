"""A policy loads whole or not at all, and every problem has its line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.policy_yaml import PolicyError, load_policy
from tests.builders import IMAGE, SHOP_POLICY
from tests.support.hostile_policies import HOSTILE


def problems(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PolicyError) as raised:
        load_policy(data, file="policy.yaml")
    return str(raised.value).splitlines()


def test_the_shops_policy_loads_and_knows_its_places() -> None:
    policy = load_policy(SHOP_POLICY.encode())
    place = policy.place("rules", 0)
    assert place is not None
    assert SHOP_POLICY.splitlines()[place.line - 1].strip().startswith("- {name: migrations in staging")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("teams:", "teems:", "2:1: teems: no such key; did you mean 'teams'?"),
        ("mode: autonomous", "mode: yolo", "tiers.low.mode"),
        ("expires: 24h", "expires: 24", "a duration is a number and a unit"),
        ("unmatched: critical", "unmatched: whatever", "there is no tier 'whatever'"),
        ("owner: web}", "owner: nobody}", "there is no team 'nobody'"),
        ("network: staging}", "network: nowhere}", "there is no network 'nowhere'"),
        ("freezes: [year-end]", "freezes: [never]", "there is no freeze 'never'"),
        ("sandbox: tools", "sandbox: nothing", "there is no sandbox 'nothing'"),
        ("{run: [database]}", "{run: [nothing]}", "there is no credential 'nothing'"),
        (IMAGE, "tools:latest", "by digest"),
        ("approvals: [{from: web}], ", "", "asks nobody"),
        ("Europe/Berlin", "Mars/Base", "IANA"),
        ("start: 2026-12-18T00:00", "start: 2027-12-18T00:00", "ends before it begins"),
        ('paths: ["db/staging/**"], tier: low', 'paths: ["/db/staging/**"], tier: low', "a path pattern"),
        ('paths: ["db/staging/**"], tier: low', 'paths: ["!db/staging/**"], tier: low', "does not begin with '!'"),
        ('run: [migrate, "{files}"]', 'run: ["{files}"]', "fixed name"),
        ('run: [migrate, "{files}"]', 'run: [migrate, "{anything}"]', "placeholders"),
        ('run: [migrate, "{files}"]', "run: migrate all", "actions.migrate.run"),
        ('"db.shop.example:5432", "s3.shop.example"', '"*.shop.example"', "no wildcard"),
        ("memory: 256Mi", "memory: lots", "a size is a number and a unit"),
        ("provider: postgres", "provider: oracle", "credentials.database"),
        ("version: 1\n", "version: 2\n", "version"),
        ("name: the public page", "name: migrations in staging", "another rule has this name"),
        (", tier: low}\n  - {name: migrations in production", "}\n  - {name: migrations in production", "this one does nothing"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, line: str) -> None:
    assert old in SHOP_POLICY
    found = problems(SHOP_POLICY.replace(old, new, 1))
    assert any(line in problem for problem in found), found
    assert all(problem.startswith("policy.yaml:") for problem in found)


def test_all_problems_come_at_once() -> None:
    broken = (
        SHOP_POLICY.replace("mode: autonomous", "mode: yolo").replace("memory: 256Mi", "memory: lots").replace("teams:", "teems:")
    )
    assert len(problems(broken)) >= 3


@pytest.mark.parametrize("key", ["rules", "tiers", "teams", "unmatched"])
def test_emptiness_does_not_load(key: str) -> None:
    lines, kept, skipping = SHOP_POLICY.splitlines(keepends=True), [], False
    for line in lines:
        if not line.startswith((" ", "-")):
            skipping = line.startswith(f"{key}:")
        if not skipping:
            kept.append(line)
    assert any("is missing" in problem and key in problem for problem in problems("".join(kept)))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_a_place(name: str) -> None:
    (first, *_) = problems(HOSTILE[name])
    assert first.startswith("policy.yaml:")
    assert int(first.split(":")[1]) >= 1


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises(PolicyError):
        load_policy(data)


@given(st.sampled_from(SHOP_POLICY.splitlines()), st.integers(0, 40), st.sampled_from("{}[]:,&*!|>'\"#%@` \t-"))
def test_one_character_more_loads_or_is_named(line: str, column: int, character: str) -> None:
    text = SHOP_POLICY.replace(line, line[:column] + character + line[column:], 1)
    try:
        load_policy(text.encode())
    except PolicyError as error:
        places = [problem.place for problem in error.problems]
    else:
        places = []
    assert all(place.line >= 1 for place in places)


@pytest.mark.parametrize("word", ["NO", "on", "12:30", "0777", "1_000", "0x1f", "~", "1e3"])
def test_words_stay_words(word: str) -> None:
    policy = load_policy(SHOP_POLICY.replace("because: Data has no revert commit.", f"because: {word}").encode())
    assert policy.document.rules[1].because in {word, None}


@pytest.mark.parametrize(
    ("old", "new", "place", "why"),
    [
        ('["db/staging/**"], tier', '["db/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"], tier', "16:43", "at most 16 wildcards"),
        ('["db/staging/**"], tier', '["(a+)+$"], tier', "16:43", "no other wildcards"),
        ("end: 2027-01-04T08:00", "lasts: 1h, repeat: FREQ=SECONDLY", "26:50", "nothing shorter"),
        ("end: 2027-01-04T08:00", "lasts: 1h, repeat: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "26:50", "never happens"),
    ],
)
def test_what_would_never_come_to_an_end_is_refused_with_its_place(old: str, new: str, place: str, why: str) -> None:
    (problem,) = problems(SHOP_POLICY.replace(old, new, 1))
    assert problem.startswith(f"policy.yaml:{place}:")
    assert why in problem

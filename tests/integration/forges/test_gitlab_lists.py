"""Lists that end too early are faults, and an account that is not sure is none."""

import pytest

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.domain.outcomes import ForgeFault, NoGroupFault
from countersign.domain.people import Person
from tests.support.gitlab_script import DANA, PROJECT, listed
from tests.support.scripted_http import Answer, Script

LIST = f"{PROJECT}/merge_requests"


def page(items: object, following: str | None, total: int | None = None) -> Answer:
    headers = {} if following is None else {"X-Next-Page": following}
    return Answer(items, headers=headers if total is None else {**headers, "X-Total": str(total)})


def test_every_page_is_read(forge: GitLabForge, script: Script) -> None:
    script.on("GET", LIST, page(listed(1, 2), "2", 5), page(listed(3, 4), "3", 5), page(listed(5), "", 5))

    assert [ref.iid for ref in forge.open_changes("acme/shop")] == [1, 2, 3, 4, 5]
    assert [asked.query["page"] for asked in script.asked] == ["1", "2", "3"]
    assert {(asked.query["state"], asked.query["per_page"]) for asked in script.asked} == {("opened", "100")}


@pytest.mark.parametrize(
    "pages",
    [
        [page(listed(1, 2), "2", 3), page([], "", 3)],
        [page(listed(1, 2), "2", 3), page([], "3", 3), page(listed(3), "", 3)],
        [page(listed(1, 2), "2", 3), page(listed(2), "", 3)],
        [page(listed(1, 2), "", 3)],
        [page(listed(1, 2), "3", 4), page(listed(3, 4), "", 4)],
        [page(listed(1, 2), "1", 4)],
        [page(listed(1, 2), "https://evil.example", 4)],
        [page(listed(*range(1, 101)), None)],
        [page(listed(1, 2), "2", 3), Answer({"message": "gone"}, 404)],
        [page({"0": 1}, "")],
        [page("", "")],
        [page(None, "")],
        [page([None], "")],
    ],
)
def test_a_list_that_is_not_whole_is_a_fault(forge: GitLabForge, script: Script, pages: list[Answer]) -> None:
    script.on("GET", LIST, *pages)

    with pytest.raises(ForgeFault):
        forge.open_changes("acme/shop")


def test_an_odd_change_does_not_hide_the_others(forge: GitLabForge, script: Script) -> None:
    script.on("GET", LIST, [*listed(1), {**listed(2)[0], "sha": None, "labels": None}])

    assert [ref.iid for ref in forge.open_changes("acme/shop")] == [1, 2]


def test_only_the_active_are_members(forge: GitLabForge, script: Script) -> None:
    people = [
        {"id": 4, "username": "dana", "state": "active"},
        {"id": 5, "username": "eve", "state": "blocked"},
        {"id": 6, "username": "fay", "state": "active", "membership_state": "awaiting"},
        {"id": 7, "username": "gil", "state": "active", "membership_state": "active"},
    ]
    script.on("GET", "/groups/30/members/all", people)

    assert forge.members("acme/ops").people == {Person(4, "dana"), Person(7, "gil")}


@pytest.mark.parametrize(
    ("answer", "final"),
    [
        ({"id": 30, "full_path": "acme/renamed"}, True),
        ({"id": 30, "full_path": "Acme/Ops"}, True),
        (Answer({"message": "404 Group Not Found"}, 404), True),
        (Answer({"message": "403 Forbidden"}, 403), False),
        (Answer({}, 500), False),
        ({"id": "30"}, False),
        ([], False),
    ],
)
def test_a_group_of_another_name_is_a_fault(forge: GitLabForge, script: Script, answer: object, final: bool) -> None:
    script.on("GET", "/groups/acme%2Fops", answer)

    with pytest.raises(ForgeFault) as fault:
        forge.members("acme/ops")
    assert isinstance(fault.value, NoGroupFault) is final


def test_a_name_is_matched_exactly(forge: GitLabForge, script: Script) -> None:
    script.on("GET", "/users", [{"id": 9, "username": "Dana"}, DANA])

    assert forge.person("dana") == Person(4, "dana")
    assert forge.person("danA") is None


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("dana@example.com", True), ("DANA@example.COM", True), ("dana@example.co", False), ("x", False), ("", False),
        ("4-dana@users.noreply.127.0.0.1", True), ("4-renamed@users.noreply.127.0.0.1", True),
        ("dana@users.noreply.127.0.0.1", False),
        ("4-dana@users.noreply.127x0.0.1", False), ("9-x@users.noreply.127.0.0.1", False),
        ("4-dana@users.noreply.127.0.0.1.evil.org", False),
        ("dan\u0430@example.com", False),
    ],
)  # fmt: skip
def test_an_address_belongs_to_who_is_seen_to_own_it(forge: GitLabForge, script: Script, email: str, found: bool) -> None:
    script.on("GET", "/users", [DANA])

    assert forge.person_by_email(email) == (Person(4, "dana") if found else None)


def test_an_address_of_two_belongs_to_nobody(forge: GitLabForge, script: Script) -> None:
    script.on("GET", "/users", [DANA, {"id": 5, "username": "eve"}])
    script.on("GET", "/users/5", {"id": 5, "username": "eve", "bot": False, "commit_email": "dana@example.com"})

    assert forge.person_by_email("dana@example.com") is None

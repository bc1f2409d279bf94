"""What we write to GitLab, as it is sent: once, in place, and without a command in it."""

import json

import pytest

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.domain.outcomes import ForgeFault
from countersign.domain.ports import NewChange, StatusState
from tests.support.gitlab_script import DANA, HEAD, ME, MERGE_REQUEST, MR, PROJECT, REF, listed
from tests.support.scripted_http import Answer, Script

LIST = f"{PROJECT}/merge_requests"
MARK = "<!-- countersign -->"
NEW = NewChange("acme/shop", "topic", "main", "Hi @all", "/approve\n\nplease", frozenset({"b", "a"}))


def sent(script: Script, verb: str) -> list[dict[str, object]]:
    return [json.loads(asked.body) for asked in script.asked if asked.verb == verb]


def test_the_comment_is_ours_and_edited_in_place(forge: GitLabForge, script: Script) -> None:
    note = {"id": 50, "body": f"{MARK}\nold", "author": ME, "system": False}
    others = [
        {**note, "id": 48, "author": DANA},
        {**note, "id": 49, "body": f"quoted: {MARK}"},
        {**note, "id": 51, "system": True},
    ]
    script.on("GET", f"{MR}/notes", [*others, note])
    script.on("PUT", f"{MR}/notes/50", note)

    forge.say(REF, MARK, "new\n/approve\n  /merge\r\n\r/label ~x\u202e")
    assert sent(script, "PUT") == [{"body": f"{MARK}\nnew\n\\/approve\n  \\/merge\n⟨U+000D⟩/label ~x⟨U+202E⟩"}]

    forge.say(REF, MARK, "old")
    assert len(sent(script, "PUT")) == 1
    assert sent(script, "POST") == []


def test_the_first_comment_is_added(forge: GitLabForge, script: Script) -> None:
    script.on("POST", f"{MR}/notes", {"id": 1})

    forge.say(REF, MARK, "hello")
    assert sent(script, "POST") == [{"body": f"{MARK}\nhello"}]


def test_a_change_is_opened_neutral(forge: GitLabForge, script: Script) -> None:
    script.on("GET", LIST, [])
    script.on("POST", LIST, MERGE_REQUEST)

    assert forge.open_change(NEW).ref == REF
    (body,) = sent(script, "POST")
    assert (body["source_branch"], body["target_branch"], body["labels"]) == ("topic", "main", ["a", "b"])
    assert (body["title"], body["description"]) == ("Hi \uff20all", "\\/approve\n\nplease")


def test_a_change_that_is_open_is_given_and_not_opened_twice(forge: GitLabForge, script: Script) -> None:
    script.on("GET", LIST, listed(7))

    assert forge.open_change(NEW).ref == REF
    assert sent(script, "POST") == []


def test_a_conflict_means_that_another_try_was_first(forge: GitLabForge, script: Script) -> None:
    script.on("GET", LIST, [], listed(7))
    script.on("POST", LIST, Answer({"message": ["Another open merge request already exists"]}, 409))

    assert forge.open_change(NEW).ref == REF


def test_somebody_elses_change_is_not_taken_for_ours(forge: GitLabForge, script: Script) -> None:
    script.on("GET", LIST, [{**MERGE_REQUEST, "author": DANA}])

    with pytest.raises(ForgeFault, match="not ours"):
        forge.open_change(NEW)


def test_a_label_takes_the_place_of_its_family(forge: GitLabForge, script: Script) -> None:
    script.on("PUT", MR, MERGE_REQUEST)

    forge.set_label(REF, "countersign::done", family="countersign::")
    assert sent(script, "PUT") == [
        {"add_labels": ["countersign::done"], "remove_labels": ["countersign::old", "countersign::wait"]}
    ]
    forge.set_label(REF, "team::x", family="team::")
    assert len(sent(script, "PUT")) == 1


STATUSES = f"{PROJECT}/repository/commits/{HEAD}/statuses"


def test_a_status_is_one_line(forge: GitLabForge, script: Script) -> None:
    script.on("POST", f"{PROJECT}/statuses/{HEAD}", {"id": 1})

    forge.set_status("acme/shop", HEAD, StatusState.FAILED, "no\nline " + "x" * 300, "http://bot/1")
    (body,) = sent(script, "POST")
    assert (body["state"], body["name"], body["target_url"]) == ("failed", "countersign", "http://bot/1")
    assert str(body["description"]) == ("no line " + "x" * 300)[:255]


@pytest.mark.parametrize(
    ("stands", "asked", "fine"),
    [
        ("pending", StatusState.PENDING, True), ("running", StatusState.RUNNING, True), ("running", StatusState.PENDING, True),
        ("running", StatusState.SUCCESS, False), ("pending", StatusState.RUNNING, False), ("success", StatusState.PENDING, False),
    ],
)  # fmt: skip
def test_a_status_that_stands_already_is_no_fault(
    forge: GitLabForge, script: Script, stands: str, asked: StatusState, fine: bool
) -> None:
    script.on("POST", f"{PROJECT}/statuses/{HEAD}", Answer({"message": "Cannot transition status via :enqueue from :x"}, 400))
    script.on("GET", STATUSES, [{"id": 1, "name": "countersign", "status": stands}, {"id": 2, "name": "ci", "status": asked.value}])

    if fine:
        forge.set_status("acme/shop", HEAD, asked, "d", None)
    else:
        with pytest.raises(ForgeFault):
            forge.set_status("acme/shop", HEAD, asked, "d", None)


def test_the_clone_url_is_made_from_the_settings(script: Script) -> None:
    assert (
        GitLabForge(url="https://git.example/lab/", token="glpat-secret").clone_url("acme/shop")
        == "https://git.example/lab/acme/shop.git"
    )
    with pytest.raises(ValueError, match="project"):
        GitLabForge(url=script.url, token="glpat-secret").clone_url("../evil")

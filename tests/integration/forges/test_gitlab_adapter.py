"""GitLab answers late, twice, in part, wrongly or not at all: the adapter says ForgeFault, and never more than it knows."""

import json
from collections.abc import Callable

import pytest

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.domain.ids import Sha, digest_of
from countersign.domain.outcomes import ForgeFault
from countersign.domain.ports import NewChange, StatusState
from tests.support.gitlab_script import DANA, HEAD, MERGE_REQUEST, MR, REF, VERSION
from tests.support.scripted_http import Answer, Script, scripted

OLD, MERGE = Sha("b" * 40), Sha("c" * 40)


def approved(*times: str | None) -> dict[str, object]:
    return {"approved": True, "approvals_left": 0, "approved_by": [{"user": DANA, "approved_at": time} for time in times]}


def test_a_change_as_it_is(forge: GitLabForge, script: Script) -> None:
    script.on("GET", MR, {**MERGE_REQUEST, "author": {"id": 4, "username": "dana"}, "description": None})

    change = forge.change(REF)

    assert (change.ref, change.head, change.description, change.author.username) == (REF, HEAD, "", "dana")
    assert change.head_seen.isoformat() == "2027-01-15T08:00:00+00:00"
    assert {asked.token for asked in script.asked} == {"glpat-secret-secret"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("sha", OLD), ("sha", None), ("sha", "x"), ("state", "locked"), ("state", 1),
     ("draft", "no"), ("labels", [1]), ("iid", 0), ("references", {"full": "acme/renamed!7"}),
     ("author", {"username": "dana"}), ("author", None), ("target_project_id", None)],
)  # fmt: skip
def test_a_change_that_is_not_as_it_should_be_is_a_fault(forge: GitLabForge, script: Script, field: str, value: object) -> None:
    script.on("GET", MR, {**MERGE_REQUEST, field: value})

    with pytest.raises(ForgeFault):
        forge.change(REF)


@pytest.mark.parametrize("value", [None, 5])
def test_a_project_that_is_gone_or_another_is_a_fork(forge: GitLabForge, script: Script, value: int | None) -> None:
    script.on("GET", MR, {**MERGE_REQUEST, "source_project_id": value})

    assert forge.change(REF).from_fork


@pytest.mark.parametrize(
    "versions", [[], [{**VERSION, "head_commit_sha": OLD}], [{**VERSION, "head_commit_sha": None}], {}, None, "", [1]]
)
def test_versions_that_do_not_show_the_head_are_a_fault(forge: GitLabForge, script: Script, versions: object) -> None:
    script.on("GET", f"{MR}/versions", versions)

    with pytest.raises(ForgeFault):
        forge.change(REF)


@pytest.mark.parametrize(
    ("time", "head"),
    [
        ("2027-01-15T08:00:00.001Z", HEAD),
        ("2027-01-15T08:00:00.000Z", None),
        ("2027-01-15T07:59:59.999Z", OLD),
        ("2027-01-15T08:59:59.999+01:00", OLD),
        ("2027-01-15T07:00:00.000Z", None),
        (None, None),
    ],
)
def test_an_approval_is_bound_by_time(forge: GitLabForge, script: Script, time: str | None, head: Sha | None) -> None:
    script.on("GET", f"{MR}/approvals", approved(time))
    script.on(
        "GET", f"{MR}/versions", [VERSION, {**VERSION, "id": 10, "head_commit_sha": OLD, "created_at": "2027-01-15T07:00:00.000Z"}]
    )

    (approval,) = forge.approvals(REF).given

    assert (approval.person.id, approval.head) == (4, head)


def test_what_gitlab_calls_approved_without_approvers_is_nothing(forge: GitLabForge, script: Script) -> None:
    script.on("GET", f"{MR}/approvals", approved())

    assert forge.approvals(REF).given == ()


def test_the_evidence_is_of_the_bytes_that_came(forge: GitLabForge, script: Script) -> None:
    told = approved("2027-01-15T09:00:00Z")
    bare, spaced = json.dumps(told).encode(), json.dumps(told, indent=1).encode()
    for sent in (bare, spaced):
        script.on("GET", f"{MR}/approvals", sent)
        answer = forge.approvals(REF).answers[0]
        assert (answer.path, answer.digest) == (f"{MR}/approvals", digest_of(sent))
    assert forge.approvals(REF).answers[1].path == f"{MR}/versions?page=1&per_page=100"


def test_versions_are_read_after_approvals(forge: GitLabForge, script: Script) -> None:
    script.on("GET", f"{MR}/approvals", approved("2027-01-15T09:00:00Z"))
    forge.approvals(REF)

    paths = [asked.path for asked in script.asked]
    assert paths.index(f"{MR}/approvals") < paths.index(f"{MR}/versions")


@pytest.mark.parametrize(
    "answer",
    [{}, {"approved_by": None}, {"approved_by": [{"user": DANA, "approved_at": "yesterday"}]},
     {"approved_by": [{"approved_at": None}]},
     {"approved_by": [{"user": DANA, "approved_at": "2027-01-15T08:00:00"}]},
     [], b"", b"<html>", b'{"approved_by": ['],
)  # fmt: skip
def test_approvals_of_another_form_are_a_fault(forge: GitLabForge, script: Script, answer: object) -> None:
    script.on("GET", f"{MR}/approvals", answer)

    with pytest.raises(ForgeFault):
        forge.approvals(REF)


def test_who_may_be_a_bot_is_not_guessed(forge: GitLabForge, script: Script) -> None:
    script.on("GET", MR, {**MERGE_REQUEST, "author": {"id": 4, "username": "dana"}})
    script.on("GET", "/users/4", {key: value for key, value in DANA.items() if key != "bot"})

    with pytest.raises(ForgeFault, match="bot"):
        forge.change(REF)


QUESTIONS: list[Callable[[GitLabForge], object]] = [
    lambda forge: forge.whoami(), lambda forge: forge.change(REF), lambda forge: forge.approvals(REF),
    lambda forge: forge.members("acme"), lambda forge: forge.person("dana"), lambda forge: forge.person_by_email("d@e.org"),
    lambda forge: forge.open_changes("acme/shop"), lambda forge: forge.open_change(NewChange("acme/shop", "a", "main", "t", "d")),
    lambda forge: forge.say(REF, "<!-- m -->", "b"), lambda forge: forge.set_label(REF, "f::x", family="f::"),
    lambda forge: forge.set_status("acme/shop", HEAD, StatusState.SUCCESS, "d", None),
    lambda forge: forge.merge(REF, HEAD, into="main"),
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_a_fault_without_the_token(question: Callable[[GitLabForge], object], status: int) -> None:
    with scripted() as script:
        script.default = Answer({"message": "glpat is not shown /approve @all"}, status)
        with pytest.raises(ForgeFault) as fault:
            question(GitLabForge(url=script.url, token="glpat-secret-secret", timeout=2))

    assert "secret" not in str(fault.value)
    assert str(status) in str(fault.value)


@pytest.mark.parametrize("question", QUESTIONS)
def test_nobody_there_is_a_fault(question: Callable[[GitLabForge], object]) -> None:
    with scripted() as script:
        url = script.url
    with pytest.raises(ForgeFault):
        question(GitLabForge(url=url, token="glpat-secret-secret", timeout=0.2))


BUSY = Answer({"message": "busy"}, 429, {"Retry-After": "0"})


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_questions_are_repeated_a_few_times(forge: GitLabForge, script: Script, status: int) -> None:
    away = Answer({}, status, {"Retry-After": "0"})
    script.on("GET", "/user", away, away, DANA)
    assert forge.whoami().username == "dana"

    script.on("GET", "/user", away)
    with pytest.raises(ForgeFault):
        forge.whoami()
    assert script.count("GET", "/user") == 3 + 4


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_changes_something_is_sent_once(forge: GitLabForge, script: Script, status: int) -> None:
    away = Answer({}, status, {"Retry-After": "0"})
    script.on("PUT", f"{MR}/merge", away)
    script.on("POST", f"{MR}/notes", away)
    script.on("GET", f"{MR}/notes", [])

    with pytest.raises(ForgeFault):
        forge.merge(REF, HEAD, into="main")
    with pytest.raises(ForgeFault):
        forge.say(REF, "<!-- m -->", "x")
    assert (script.count("PUT", f"{MR}/merge"), script.count("POST", f"{MR}/notes")) == (1, 1)


def test_no_redirect_is_followed(forge: GitLabForge, script: Script) -> None:
    with scripted() as other:
        script.on("GET", "/user", Answer({}, 302, {"Location": f"{other.url}/api/v4/user"}))
        with pytest.raises(ForgeFault):
            forge.whoami()

        assert other.asked == []


def test_a_merge_names_the_head(forge: GitLabForge, script: Script) -> None:
    script.on("PUT", f"{MR}/merge", {**MERGE_REQUEST, "state": "merged", "merge_commit_sha": MERGE})

    assert forge.merge(REF, HEAD, into="main") == MERGE
    assert json.loads(script.asked[-1].body)["sha"] == HEAD
    with pytest.raises(ForgeFault, match="moved on"):
        forge.merge(REF, OLD, into="main")
    assert script.count("PUT", f"{MR}/merge") == 1


@pytest.mark.parametrize("change", [{"state": "opened"}, {"state": "merged", "sha": OLD}, {"state": "locked"}])
def test_a_merge_that_did_not_happen_is_a_fault(forge: GitLabForge, script: Script, change: dict[str, object]) -> None:
    script.on("PUT", f"{MR}/merge", {**MERGE_REQUEST, "merge_commit_sha": MERGE, **change})

    with pytest.raises(ForgeFault):
        forge.merge(REF, HEAD, into="main")

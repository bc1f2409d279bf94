"""Every request that the adapter can send, held against GitLab's own description of its API."""

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.domain.ports import NewChange, StatusState
from tests.support.gitlab_openapi import description
from tests.support.gitlab_script import DANA, HEAD, ME, MERGE_REQUEST, MR, PROJECT, REF, listed
from tests.support.scripted_http import Answer, Script


def test_gitlab_would_understand_all_that_we_send(forge: GitLabForge, script: Script) -> None:
    note = {"id": 50, "body": "<!-- m -->\nold", "author": ME, "system": False}
    script.on("GET", f"{MR}/approvals", {"approved_by": [{"user": DANA, "approved_at": "2027-01-15T09:00:00Z"}]})
    script.on("GET", "/groups/30/members/all", [])
    script.on("GET", "/users", [DANA])
    script.on("GET", f"{PROJECT}/merge_requests", [], [], listed(7))
    script.on("POST", f"{PROJECT}/merge_requests", MERGE_REQUEST)
    script.on("GET", f"{MR}/notes", [], [note])
    script.on("POST", f"{MR}/notes", note)
    script.on("PUT", f"{MR}/notes/50", note)
    script.on("POST", f"{PROJECT}/statuses/{HEAD}", Answer({"message": "Cannot transition"}, 400))
    script.on("GET", f"{PROJECT}/repository/commits/{HEAD}/statuses", [{"name": "countersign", "status": "running"}])
    script.on("PUT", MR, MERGE_REQUEST)
    script.on("PUT", f"{MR}/merge", {**MERGE_REQUEST, "state": "merged", "merge_commit_sha": HEAD})

    forge.whoami()
    forge.change(REF)
    forge.approvals(REF)
    forge.members("acme/ops")
    forge.person("dana")
    forge.person_by_email("dana@example.com")
    forge.person_by_email("4-dana@users.noreply.127.0.0.1")
    forge.open_changes("acme/shop")
    forge.open_change(NewChange("acme/shop", "topic", "main", "title", "text", frozenset({"a"})))
    forge.say(REF, "<!-- m -->", "first")
    forge.say(REF, "<!-- m -->", "second")
    forge.set_status("acme/shop", HEAD, StatusState.RUNNING, "d", "http://bot/1")
    forge.set_label(REF, "countersign::done", family="countersign::")
    forge.merge(REF, HEAD, into="main")

    assert len({(asked.verb, asked.path) for asked in script.asked}) == 17
    assert description().problems(script.asked) == []


def test_the_check_itself_finds_what_is_wrong(script: Script, forge: GitLabForge) -> None:
    forge.change(REF)
    (asked, *_) = script.asked
    wrong = [
        type(asked)("GET", "/projects/1/merge_requests/7/nonsense", {}, b"", None),
        type(asked)("GET", MR, {"nonsense": "1"}, b"", None),
        type(asked)("GET", f"{PROJECT}/merge_requests", {"state": "nonsense"}, b"", None),
        type(asked)("POST", f"{PROJECT}/statuses/{HEAD}", {}, b'{"state": "nonsense", "nonsense": 1}', None),
        type(asked)("POST", f"{PROJECT}/statuses/{HEAD}", {}, b"", None),
    ]

    assert len(description().problems(wrong)) == 6

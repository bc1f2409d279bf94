import pytest

from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


def test_comments_are_written_rewritten_and_removed(scene: Scene) -> None:
    change = scene.open("author")
    note = scene.see("other", change).notes.create({"body": "first"})
    note.body = "second"
    note.save()
    assert scene.see("author", change).notes.get(note.id).body == "second"
    with refused(403):
        scene.see("author", change).notes.delete(note.id)
    note.delete()
    with refused(404):
        scene.see("author", change).notes.get(note.id)
    with refused(400):
        scene.see("author", change).notes.create({"body": ""})


def test_the_forges_own_lines_are_marked_and_cannot_be_touched(scene: Scene) -> None:
    change = scene.open("author")
    scene.see("other", change).approve()
    notes = scene.see("author", change).notes.list(sort="asc", order_by="created_at", get_all=True)
    assert [(note.system, note.body) for note in notes] == [(True, "approved this merge request")]
    with refused(403):
        scene.admin.mergerequests.get(1).notes.delete(notes[0].id)
    assert scene.see("author", change).notes.list(activity_filter="only_comments", get_all=True) == []


def test_newest_first_and_in_pages(scene: Scene) -> None:
    change = scene.open("author")
    for number in range(25):
        change.notes.create({"body": str(number)})
    assert [note.body for note in change.notes.list(get_all=False)] == [str(number) for number in range(24, 4, -1)]
    assert len(change.notes.list(get_all=True)) == 25


def test_threads(scene: Scene) -> None:
    change = scene.open("author")
    thread = scene.see("other", change).discussions.create({"body": "why?"})
    thread.notes.create({"body": "because"})
    (found,) = change.discussions.list(get_all=True)
    assert [note["body"] for note in found.attributes["notes"]] == ["why?", "because"]
    assert found.individual_note is False
    again = change.discussions.get(found.id)
    again.resolved = True
    again.save()
    assert change.discussions.get(found.id).attributes["notes"][0]["resolved"] is True


@pytest.mark.parametrize(
    "body",
    ["/approve", "looks good\n/approve", "/APPROVE", "\r/approve", "text\r\n/approve\r\nmore", "/approve please", "> x\n/approve"],
)
def test_quick_actions_in_comments_run_as_who_wrote_them(scene: Scene, body: str) -> None:
    change = scene.open("author")
    scene.see("other", change).notes.create({"body": body})
    assert [given["user"]["id"] for given in change.approvals.get().approved_by] == [scene.people["other"].id]
    assert not any("approve\n" in note.body for note in change.notes.list(get_all=True))


@pytest.mark.parametrize(
    "body",
    [
        "```\n/approve\n```",
        "~~~~\n/approve\n~~~\n/approve\n~~~~",
        ">>>\n/approve\n>>>",
        "<pre>\n/approve\n</pre>",
        " /approve",
        "`/approve`",
        "> /approve",
        "say /approve",
        "/approved",
        "//approve",
        "\\/approve",
    ],
)
def test_what_is_no_quick_action(scene: Scene, body: str) -> None:
    change = scene.open("author")
    scene.see("other", change).notes.create({"body": body})
    assert change.approvals.get().approved_by == []
    assert [note.body for note in change.notes.list(get_all=True)] == [body.rstrip()]


def test_quick_actions_in_descriptions_run_too(scene: Scene) -> None:
    scene.admin.approvals.update(new_data={"merge_requests_author_approval": True})
    change = scene.open("author", description='Why.\n/label ~risky ~"two words"\n/approve\n/title Other\n')
    seen = scene.see("other", change)
    assert (seen.description, seen.labels, seen.title) == ("Why.", ["risky", "two words"], "Other")
    assert len(seen.approvals.get().approved_by) == 1
    seen.description = "New.\n/draft\n/unlabel ~risky"
    seen.save()
    assert (scene.see("other", change).draft, scene.see("other", change).labels) == (True, ["two words"])


def test_a_comment_can_merge_but_only_what_its_author_has_named(scene: Scene) -> None:
    change = scene.open("author")
    notes = scene.see("maintainer", change).notes
    scene.forge.client(scene.forge.token(scene.people["maintainer"], "api")).http_post(
        f"/projects/{scene.admin.id}/merge_requests/1/notes", post_data={"body": "/merge"}
    )
    assert scene.see("author", change).state == "opened"
    notes.create({"body": "go\n/merge", "merge_request_diff_head_sha": change.sha})
    assert scene.see("author", change).state == "merged"


def test_a_comment_that_may_not_do_it_does_nothing(scene: Scene) -> None:
    change = scene.open("author")
    scene.see("author", change).notes.create({"body": "go\n/merge", "merge_request_diff_head_sha": change.sha})
    scene.see("reporter", change).notes.create({"body": "no\n/close\n/approve"})
    assert scene.see("author", change).state == "opened"
    assert change.approvals.get().approved_by == []


def test_quick_actions_alone_leave_no_comment(scene: Scene) -> None:
    change = scene.open("author")
    said = scene.forge.admin.http_post(f"/projects/{scene.admin.id}/merge_requests/1/notes", post_data={"body": "/label ~x"})
    assert isinstance(said, dict)
    assert said["commands_changes"] == {"label": "~x"}
    assert [note.system for note in change.notes.list(get_all=True)] == [True]


def test_quick_actions_that_only_gitlab_knows_are_refused_and_not_taken_for_text(scene: Scene) -> None:
    change = scene.open("author")
    with refused(400) as said:
        change.notes.create({"body": "hello\n/assign me"})
    assert "/assign" in said.message
    assert change.notes.list(get_all=True) == []

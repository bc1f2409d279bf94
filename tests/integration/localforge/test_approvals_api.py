from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


def test_an_approval_says_who_and_when_but_not_what(scene: Scene) -> None:
    change = scene.open("author")
    scene.see("other", change).approve(sha=change.sha)
    (given,) = scene.see("author", change).approvals.get().approved_by
    assert given["user"]["id"] == scene.people["other"].id
    assert given["approved_at"] > change.created_at
    assert set(given) == {"user", "approved_at"}


def test_an_approval_names_the_head_it_has_seen(scene: Scene) -> None:
    change = scene.open("author")
    scene.commit("author", "topic", "later.txt")
    with refused(409):
        scene.see("other", change).approve(sha=change.sha)
    assert scene.see("other", change).approvals.get().approved_by == []


def test_nobody_approves_twice_or_his_own(scene: Scene) -> None:
    change = scene.open("author")
    with refused(401):
        change.approve()
    scene.see("other", change).approve()
    with refused(401):
        scene.see("other", change).approve()
    for role in ("reporter",):
        with refused(401):
            scene.see(role, change).approve()


def test_authors_approve_where_the_project_lets_them(scene: Scene) -> None:
    scene.admin.approvals.update(new_data={"merge_requests_author_approval": True})
    scene.open("author").approve()


def test_committers_do_not_approve_where_the_project_says_so(scene: Scene) -> None:
    scene.admin.approvals.update(new_data={"merge_requests_disable_committers_approval": True})
    change = scene.open("author")
    scene.commit("other", "topic", "mine-too.txt")
    with refused(401):
        scene.see("other", change).approve()
    scene.see("maintainer", change).approve()


def test_nothing_missing_is_no_approval(scene: Scene) -> None:
    seen = scene.see("other", scene.open("author")).approvals.get()
    assert (seen.approved, seen.approvals_left, seen.approved_by) == (True, 0, [])


def test_a_push_drops_approvals_only_where_the_project_says_so(scene: Scene) -> None:
    for drops in (False, True):
        scene.admin.approvals.update(new_data={"reset_approvals_on_push": drops})
        change = scene.open("author", f"topic-{drops}")
        scene.see("other", change).approve()
        scene.commit("author", f"topic-{drops}", "more.txt")
        assert bool(scene.see("other", change).approvals.get().approved_by) is not drops


def test_taking_back(scene: Scene) -> None:
    change = scene.open("author")
    with refused(404):
        scene.see("other", change).unapprove()
    scene.see("other", change).approve()
    scene.see("other", change).unapprove()
    assert scene.see("other", change).approvals.get().approved_by == []


def test_how_many_are_missing(scene: Scene) -> None:
    change = scene.open("author")
    scene.admin.mergerequests.get(change.iid).approvals.update(new_data={"approvals_required": 2})
    scene.see("other", change).approve()
    seen = scene.see("other", change).approvals.get()
    assert (seen.approved, seen.approvals_required, seen.approvals_left, seen.user_has_approved) == (False, 2, 1, True)


def test_a_merged_change_keeps_its_approvals(scene: Scene) -> None:
    change = scene.open("author")
    scene.see("other", change).approve()
    scene.see("maintainer", change).merge()
    for ask in (scene.see("maintainer", change).approve,):
        with refused(401):
            ask()
    with refused(404):
        scene.see("other", change).unapprove()
    assert len(scene.see("other", change).approvals.get().approved_by) == 1

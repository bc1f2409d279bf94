"""What every Forge must do: the one in memory, and each adapter over HTTP."""

import pytest

from countersign.domain.heard import Answer
from countersign.domain.ids import ChangeRef, Sha, digest
from countersign.domain.outcomes import ForgeFault, NoGroupFault
from countersign.domain.ports import ChangeState, NewChange, StatusState
from countersign.domain.versions import head_at
from tests.contract.forge_stages import Stage

PROJECT = "acme/shop"
MARK = "<!-- countersign -->"


def test_we_are_who_we_are(stage: Stage) -> None:
    me = stage.forge.whoami()

    assert me.username == "countersign"
    assert stage.forge.person("countersign") == me


def test_a_change_as_it_stands(stage: Stage) -> None:
    dana = stage.person("dana")
    ref = stage.open(dana)

    change = stage.forge.change(ref)

    assert (change.ref, change.author, change.title, change.target_branch) == (ref, dana, "Do it", "main")
    assert (change.state, change.draft, change.from_fork, change.labels) == (ChangeState.OPEN, False, False, frozenset())
    assert change.head_seen.tzinfo is not None
    assert f"{ref.iid}" in change.url


def test_a_head_moves_and_the_time_with_it(stage: Stage) -> None:
    ref = stage.open(stage.person("dana"))
    before = stage.forge.change(ref)

    head = stage.push(ref)
    after = stage.forge.change(ref)

    assert after.head == head != before.head
    assert after.head_seen > before.head_seen


def test_another_target_moves_no_head(stage: Stage) -> None:
    dana = stage.person("dana")
    ref = stage.open(dana)
    before = stage.forge.change(ref)
    stage.branch("release")

    stage.retarget(ref, dana, "release")
    after = stage.forge.change(ref)

    assert (after.target_branch, after.head) == ("release", before.head)
    assert after.head_seen > before.head_seen


def test_what_is_not_there_is_a_fault(stage: Stage) -> None:
    absent = ChangeRef(PROJECT, 99)
    for question in (
        lambda: stage.forge.change(absent),
        lambda: stage.forge.approvals(absent),
        lambda: stage.forge.merge(absent, Sha("1" * 40), into="main"),
        lambda: stage.forge.say(absent, MARK, "hello"),
        lambda: stage.forge.set_label(absent, "a::b", family="a::"),
        lambda: stage.forge.members("acme/nobody"),
        lambda: stage.forge.open_change(NewChange(PROJECT, "no-such-branch", "main", "t", "d")),
    ):
        with pytest.raises(ForgeFault):
            question()


def test_a_group_that_is_not_there_is_told_from_a_forge_that_is_away(stage: Stage) -> None:
    with pytest.raises(NoGroupFault):
        stage.forge.members("acme/nobody")


def test_an_approval_stands_until_it_is_taken_back(stage: Stage) -> None:
    dana, eve = stage.person("dana"), stage.person("eve")
    ref = stage.open(dana)
    assert stage.forge.approvals(ref).given == ()

    stage.approve(ref, eve)
    change, (approval,) = stage.forge.change(ref), stage.forge.approvals(ref).given
    assert (approval.person, approval.head) == (eve, change.head)
    assert approval.at > change.head_seen

    stage.unapprove(ref, eve)
    assert stage.forge.approvals(ref).given == ()


def test_an_approval_is_of_the_head_that_was_there(stage: Stage) -> None:
    dana, eve, fay = stage.person("dana"), stage.person("eve"), stage.person("fay")
    ref = stage.open(dana)
    old = stage.forge.change(ref).head
    stage.approve(ref, eve)

    new = stage.push(ref)
    stage.approve(ref, fay)
    stage.approve(ref, eve)
    assert {given.person: given.head for given in stage.forge.approvals(ref).given} == {eve: old, fay: new}

    stage.unapprove(ref, eve)
    stage.approve(ref, eve)
    assert {given.person: given.head for given in stage.forge.approvals(ref).given} == {eve: new, fay: new}


def named(answers: tuple[Answer, ...]) -> list[str]:
    """Give the paths of answers, after a look that each can stand on a record: a path without host or token, and a digest."""
    for answer in answers:
        assert answer.path.startswith("/")
        assert not any(word in answer.path for word in ("://", "token", "glpat", "@"))
        assert digest(answer.digest) == answer.digest
    return [answer.path.partition("?")[0] for answer in answers]


def test_approvals_come_with_what_they_were_read_from(stage: Stage) -> None:
    dana, eve, fay = stage.person("dana"), stage.person("eve"), stage.person("fay")
    ref = stage.open(dana)
    stage.approve(ref, eve)
    new = stage.push(ref)
    stage.approve(ref, fay)

    told, change = stage.forge.approvals(ref), stage.forge.change(ref)
    assert named(told.answers) == [f"/projects/acme%2Fshop/merge_requests/{ref.iid}/{what}" for what in ("approvals", "versions")]
    assert [given.head for given in told.given] == [head_at(told.versions, given.at) for given in told.given]
    assert (told.versions[-1].head, told.versions[-1].created) == (new, change.head_seen)
    assert len(told.versions) == 2

    assert stage.forge.approvals(ref).answers == told.answers
    stage.unapprove(ref, fay)
    again = stage.forge.approvals(ref).answers
    assert again[0].digest != told.answers[0].digest
    assert again[1] == told.answers[1]


def test_members_come_with_what_they_were_read_from(stage: Stage) -> None:
    dana, eve = stage.person("dana"), stage.person("eve")
    stage.group("acme/ops", dana, eve)

    told = stage.forge.members("acme/ops").answers
    assert any(path.startswith("/groups/acme%2Fops") for path in named(told))
    assert named(told)[-1].endswith("/members/all")
    assert stage.forge.members("acme/ops").answers == told
    stage.leave("acme/ops", eve)
    assert stage.forge.members("acme/ops").answers[-1].digest != told[-1].digest


def test_members_are_those_who_are_in_it_now(stage: Stage) -> None:
    dana, eve = stage.person("dana"), stage.person("eve")
    stage.group("acme/ops", dana, eve)
    assert {dana.id, eve.id} <= {person.id for person in stage.forge.members("acme/ops").people}

    stage.leave("acme/ops", eve)
    left = {person.id for person in stage.forge.members("acme/ops").people}
    assert dana.id in left
    assert eve.id not in left


def test_accounts_are_found_by_their_exact_name(stage: Stage) -> None:
    dana = stage.person("dana")

    assert stage.forge.person("dana") == dana
    for name in ("Dana", "dan", "nobody", "", "dana "):
        assert stage.forge.person(name) is None


def test_accounts_are_found_by_their_address(stage: Stage) -> None:
    dana = stage.person("dana")

    assert stage.forge.person_by_email("dana@example.com") == dana
    assert stage.forge.person_by_email("Dana@Example.com") == dana
    for email in ("dana@example.co", "ana@example.com", "dana", "", "nobody@example.com", "@example.com"):
        assert stage.forge.person_by_email(email) is None


def test_only_open_changes_are_listed(stage: Stage) -> None:
    dana = stage.person("dana")
    first, second, third = (stage.open(dana) for _ in range(3))
    stage.close(second, dana)

    assert stage.forge.open_changes(PROJECT) == (first, third)
    change = stage.forge.change(second)
    assert change.state is ChangeState.CLOSED
    assert change.ended is not None
    assert change.ended > change.head_seen
    assert stage.forge.change(first).ended is None


def test_a_change_is_opened_once(stage: Stage) -> None:
    head = stage.branch("proposal")
    new = NewChange(PROJECT, "proposal", "main", "Add a column", "Because.\n/close\n/title Evil", frozenset({"countersign::new"}))

    first = stage.forge.open_change(new)
    again = stage.forge.open_change(new)

    assert first == again
    assert (first.author, first.head, first.source_branch, first.state) == (
        stage.forge.whoami(),
        head,
        "proposal",
        ChangeState.OPEN,
    )
    assert first.title == "Add a column"
    assert first.labels == {"countersign::new"}
    assert stage.forge.open_changes(PROJECT) == (first.ref,)


def test_somebody_elses_change_is_not_ours(stage: Stage) -> None:
    ref = stage.open(stage.person("dana"))
    change = stage.forge.change(ref)

    with pytest.raises(ForgeFault):
        stage.forge.open_change(NewChange(PROJECT, change.source_branch, "main", "Add a column", "Because."))


def test_we_have_one_comment_however_many_there_are(stage: Stage) -> None:
    dana = stage.person("dana")
    ref = stage.open(dana)
    stage.comment(ref, dana, f"{MARK}\nnot yours")
    stage.forge.say(ref, MARK, "first")
    for number in range(101):
        stage.comment(ref, dana, f"comment {number}")

    stage.forge.say(ref, MARK, "second")
    stage.forge.say(ref, MARK, "second")

    comments = stage.comments(ref)
    assert comments[:2] == [("dana", f"{MARK}\nnot yours"), ("countersign", f"{MARK}\nsecond")]
    assert len(comments) == 103
    assert stage.forge.comments(ref) == (f"{MARK}\nsecond",)


def test_our_comment_is_no_command(stage: Stage) -> None:
    ref = stage.open(stage.person("dana"))

    stage.forge.say(ref, MARK, "text\n/close\n/approve\n/merge\n/label ~evil\n\r/close")

    change = stage.forge.change(ref)
    assert (change.state, change.labels, stage.forge.approvals(ref).given) == (ChangeState.OPEN, frozenset(), ())


def test_a_status_follows_what_we_say(stage: Stage) -> None:
    ref = stage.open(stage.person("dana"))
    head = stage.forge.change(ref).head
    assert stage.status(head) is None

    for state in (StatusState.PENDING, StatusState.PENDING, StatusState.RUNNING, StatusState.SUCCESS, StatusState.FAILED):
        stage.forge.set_status(PROJECT, head, state, f"it is {state}", "http://bot.example/1")
        found = stage.status(head)
        assert found is not None
        assert found[0] is state


def test_a_label_takes_the_place_of_its_family(stage: Stage) -> None:
    dana = stage.person("dana")
    ref = stage.open(dana)
    stage.label(ref, dana, "team::shop")

    for label in ("countersign::waiting", "countersign::waiting", "countersign::done"):
        stage.forge.set_label(ref, label, family="countersign::")
        assert stage.forge.change(ref).labels == {"team::shop", label}


def test_a_merge_is_of_the_head_that_was_named(stage: Stage) -> None:
    ref = stage.open(stage.person("dana"))
    old = stage.forge.change(ref).head
    new = stage.push(ref)

    with pytest.raises(ForgeFault):
        stage.forge.merge(ref, old, into="main")
    assert stage.forge.change(ref).state is ChangeState.OPEN

    commit = stage.forge.merge(ref, new, into="main")
    change = stage.forge.change(ref)
    assert change.state is ChangeState.MERGED
    assert change.ended is not None
    assert change.ended > change.head_seen
    assert stage.forge.merge(ref, new, into="main") == commit
    with pytest.raises(ForgeFault):
        stage.forge.merge(ref, old, into="main")


def test_a_merge_is_into_the_branch_that_was_named(stage: Stage) -> None:
    ref = stage.open(stage.person("dana"))
    with pytest.raises(ForgeFault):
        stage.forge.merge(ref, stage.forge.change(ref).head, into="release")
    assert stage.forge.change(ref).state is ChangeState.OPEN


def test_drafts_and_closed_changes_are_not_merged(stage: Stage) -> None:
    dana = stage.person("dana")
    draft, closed = stage.open(dana, draft=True), stage.open(dana)
    stage.close(closed, dana)

    for ref in (draft, closed):
        with pytest.raises(ForgeFault):
            stage.forge.merge(ref, stage.forge.change(ref).head, into="main")
    assert stage.forge.change(draft).draft


def test_the_clone_url_holds_no_secret(stage: Stage) -> None:
    url = stage.forge.clone_url(PROJECT)

    assert url.endswith("/acme/shop.git")
    assert "@" not in url

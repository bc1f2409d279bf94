"""Agents hand in diffs over HTTP: what passes becomes one merge request, what does not is told where and why."""

import pytest

from bot.api import PROPOSAL_LIMIT
from countersign.attestation.record import Draft, RecordKind
from countersign.domain.ids import Sha
from countersign.domain.ports import ChangeState
from tests.builders import NOON
from tests.fakes.bot_face import AGENT_TOKEN, BAKER_TOKEN, FakeFace
from tests.support.bodies import body, refused_by_policy

DIFF = "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-The shop\n+The shop, open\n"


@pytest.fixture
def face() -> FakeFace:
    made = FakeFace()
    made.repository.commit({"README.md": "The shop\n"})
    made.repository.fetch()
    return made


def ask(face: FakeFace, **changes: object) -> dict[str, object]:
    return {
        "project": "acme/shop",
        "base": face.repository.tip("main"),
        "diff": DIFF,
        "title": "Say that we are open",
        "rationale": "Customers asked.\n/approve\n![x](https://evil.example/x.png) @lea",
        "sponsor": "sam",
        **changes,
    }


def test_a_proposal_becomes_a_branch_a_commit_and_a_merge_request(face: FakeFace) -> None:
    answer = face.propose(ask(face, environment="production", rollback="none"))
    assert answer.status_code == 201
    document = answer.json()
    ref = face.change(answer)
    assert answer.headers["location"] == document["status_url"] == f"http://bot.example/v1/proposals/acme/shop/{ref.iid}"
    held = face.world.held(ref)
    assert held.author == face.forge.me.id
    assert held.target_branch == "main"
    assert held.source_branch == document["branch"]
    assert held.source_branch.startswith("proposals/shop-agent/")
    assert face.repository.files(held.source_branch) == {"README.md": b"The shop, open\n"}
    assert face.branches.messages[Sha(document["head"])].splitlines() == [
        "Say that we are open",
        "",
        "Countersign-Agent: shop-agent",
        "Countersign-Sponsor: sam",
        "Countersign-Environment: production",
        "Countersign-Rollback: none",
    ]
    face.repository.fetch()
    (people,) = face.repository.people(Sha(str(ask(face)["base"])), held.head)
    assert face.forge.person_by_email(people.emails[0]) == face.forge.me
    assert "\n/approve" not in held.description
    assert "![" not in held.description
    assert "> " in held.description


def test_the_same_again_is_the_same_merge_request(face: FakeFace) -> None:
    first, again = face.propose(ask(face)), face.propose(ask(face))
    assert (first.status_code, again.status_code) == (201, 200)
    assert face.change(first) == face.change(again)
    assert again.json()["new"] is False
    assert len(face.world.changes) == 1


def test_other_words_are_another_proposal(face: FakeFace) -> None:
    assert face.change(face.propose(ask(face))) != face.change(face.propose(ask(face, title="Open up")))


def test_a_push_whose_answer_was_lost_is_found_again(face: FakeFace) -> None:
    face.forge.fail_next("open_change", after=True)
    assert face.propose(ask(face)).status_code == 503
    assert face.propose(ask(face)).status_code == 200
    assert len(face.world.changes) == 1


def test_a_branch_that_holds_something_else_is_left_alone(face: FakeFace) -> None:
    made = face.propose(ask(face)).json()
    other = face.repository.commit({"README.md": "Evil\n"}, branch=made["branch"])
    answer = face.propose(ask(face))
    assert answer.status_code == 409
    assert face.world.held(next(iter(face.world.changes))).head != other


@pytest.mark.parametrize("token", [None, "wrong-token-0123456789", AGENT_TOKEN + "x"])
def test_nobody_is_told_nothing(face: FakeFace, token: str | None) -> None:
    answer = face.propose(b"not even JSON", token=token)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert face.forge.calls == []


def test_another_projects_agent_cannot_even_tell_whether_there_is_one(face: FakeFace) -> None:
    here, nowhere = (face.propose(ask(face, project=name), token=BAKER_TOKEN) for name in ("acme/shop", "acme/nowhere"))
    assert here.status_code == nowhere.status_code == 403
    assert here.content == nowhere.content


def test_the_sponsor_must_be_one_of_the_agents(face: FakeFace) -> None:
    answer = face.propose(ask(face, sponsor="lea"))
    assert answer.status_code == 403
    assert answer.json()["to_pass"] == "name one of: dana, sam"
    assert face.world.changes == {}


def test_the_base_must_be_on_the_protected_branch(face: FakeFace) -> None:
    tip = face.repository.tip("main")
    assert tip is not None
    aside = face.repository.commit({"README.md": "Aside\n"}, branch="aside", parent=tip)
    for base in (aside, "1" * 40):
        answer = face.propose(ask(face, base=base))
        assert answer.status_code == 422
        assert answer.json()["tip"] == tip
    face.repository.commit({"other": "moved on\n"})
    assert face.propose(ask(face, base=tip)).status_code == 201


@pytest.mark.parametrize(
    ("diff", "place"),
    [
        (DIFF.replace("-The shop\n", "-The bakery\n"), {"file": "README.md", "hunk": 1, "line": 3}),
        (DIFF.replace("README.md", "../README.md"), {"line": 1}),
        (DIFF.replace("README.md", "MISSING.md"), {"file": "MISSING.md", "line": 1}),
        ("no diff at all\n", {"line": 1}),
    ],
)
def test_a_diff_that_is_no_good_is_told_where(face: FakeFace, diff: str, place: dict[str, object]) -> None:
    answer = face.propose(ask(face, diff=diff))
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "https://countersign.dev/problems/patch"
    assert {name: problem.get(name) for name in place} == place
    assert problem["detail"]
    assert face.world.changes == {}


def test_fields_that_are_wrong_are_all_named(face: FakeFace) -> None:
    answer = face.propose(ask(face, base="main", title="", approved=True))
    assert answer.status_code == 422
    assert sorted(answer.json()["fields"]) == ["approved", "base", "title"]


def test_an_idempotency_key_stands_for_one_proposal(face: FakeFace) -> None:
    key = {"Idempotency-Key": "4ca1fbb6"}
    assert face.propose(ask(face), headers=key).status_code == 201
    assert face.propose(ask(face), headers=key).status_code == 200
    reused = face.propose(ask(face, title="Something else"), headers=key)
    assert reused.status_code == 422
    assert reused.json()["type"].endswith("/idempotency-key")
    assert face.propose(ask(face), headers={"Idempotency-Key": "x" * 300}).status_code == 400
    face.keys.away = True
    assert face.propose(ask(face), headers=key).status_code == 503


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Length": str(PROPOSAL_LIMIT + 1)}, 413),
    ],
)
def test_bodies_that_are_not_taken(face: FakeFace, headers: dict[str, str], status: int) -> None:
    answer = face.propose(ask(face), headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a": 1, "a": 2}'])
def test_a_body_that_is_no_object_is_400(face: FakeFace, body: bytes) -> None:
    assert face.propose(body).status_code == 400


def test_a_forge_that_is_away_is_503_and_says_nothing_of_itself(face: FakeFace) -> None:
    face.forge.fail_next("whoami", why="secret-host:8443 refused")
    answer = face.propose(ask(face))
    assert answer.status_code == 503
    assert "secret-host" not in answer.text
    assert int(answer.headers["retry-after"]) > 0


def test_a_bug_of_ours_is_500_without_a_traceback(face: FakeFace) -> None:
    face.branches.apply_diff = None  # type: ignore[assignment,method-assign]  # the bug
    answer = face.propose(ask(face))
    assert answer.status_code == 500
    assert answer.json()["type"].endswith("/unexpected")
    assert "NoneType" not in answer.text


def test_how_it_stands_is_told_in_fixed_words(face: FakeFace) -> None:
    made = face.propose(ask(face))
    ref, bearer = face.change(made), {"Authorization": f"Bearer {AGENT_TOKEN}"}
    assert face.ask("GET", made.json()["status_url"], headers=bearer).json()["state"] == "looking"
    head = made.json()["head"]
    whole = refused_by_policy(why="the policy's own")
    decision: dict[str, object] = {"effect": "refused", "tier": "critical", "environment": None, "needs": []}
    said = whole | {"change": whole["change"] | {"head": head}, "decision": whole["decision"] | decision}  # type: ignore[operator]
    face.ledger.append(Draft(RecordKind.REFUSED, "refused/x", "Refused a change", ref, None, NOON, said))
    told = face.ask("GET", made.json()["status_url"], headers=bearer)
    assert told.status_code == 200
    assert told.json()["state"] == "refused"
    assert told.json()["decision"] == {"effect": "refused", "tier": "critical", "environment": None, "needs": []}
    assert [record["kind"] for record in told.json()["records"]] == ["refused"]
    assert "the policy's own" not in told.text
    assert face.ask("GET", made.json()["status_url"]).status_code == 401
    assert face.ask("GET", made.json()["status_url"], headers={"Authorization": f"Bearer {BAKER_TOKEN}"}).status_code == 403


@pytest.mark.parametrize(
    ("state", "kind", "word"),
    [
        (ChangeState.OPEN, None, "looking"),
        (ChangeState.OPEN, RecordKind.ASSESSED, "waiting"),
        (ChangeState.OPEN, RecordKind.ALLOWED, "allowed"),
        (ChangeState.MERGED, RecordKind.ASSESSED, "merged"),
        (ChangeState.MERGED, RecordKind.ALLOWED, "merged"),
        (ChangeState.MERGED, None, "merged"),
        (ChangeState.CLOSED, RecordKind.ASSESSED, "closed"),
    ],
)
def test_one_word_tells_where_it_stands(face: FakeFace, state: ChangeState, kind: RecordKind | None, word: str) -> None:
    made = face.propose(ask(face))
    ref = face.change(made)
    if kind is not None:
        whole = body(kind)
        asked = whole | {"change": whole["change"] | {"head": made.json()["head"]}}  # type: ignore[operator]
        face.ledger.append(Draft(kind, f"{kind.value}/x", "Assessed", ref, None, NOON, asked))
    face.world.set_state(ref, state)
    told = face.ask("GET", made.json()["status_url"], headers={"Authorization": f"Bearer {AGENT_TOKEN}"})
    assert told.json()["state"] == word


@pytest.mark.parametrize(
    "path", ["acme/shop/0", "acme/shop/x", "acme/shop/" + "9" * 6000, "acme/../1", "shop/1", "acme/shop/-1", "%00/1"]
)
def test_what_is_no_change_is_not_found(face: FakeFace, path: str) -> None:
    answer = face.ask("GET", f"/v1/proposals/{path}", headers={"Authorization": f"Bearer {AGENT_TOKEN}"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/redoc", "/v1", "/v1/approve", "/webhooks/github", "/metrics/x"])
def test_there_is_nothing_else(face: FakeFace, path: str) -> None:
    answer = face.ask("GET", path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


def test_health_tells_whether_and_not_why(face: FakeFace) -> None:
    assert face.ask("GET", "/healthz").json() == {"status": "ok"}
    assert face.ask("GET", "/readyz").json() == {"status": "ok", "missing": []}
    face.queue.away = True
    assert face.ask("GET", "/readyz").status_code == 200
    asked = len(face.forge.calls)
    face.now += 6
    away = face.ask("GET", "/readyz")
    assert away.status_code == 503
    assert away.json()["missing"] == ["redis"]
    assert face.ask("GET", "/readyz").status_code == 503
    assert len(face.forge.calls) == asked + 1


def test_figures_count_what_happened(face: FakeFace) -> None:
    face.propose(ask(face))
    face.propose(ask(face), token=None)
    figures = face.ask("GET", "/metrics").text
    assert 'countersign_proposals_total{status="201"} 1.0' in figures
    assert 'countersign_proposals_total{status="401"} 1.0' in figures
    assert 'countersign_deliveries_total{verdict="taken"} 0.0' in figures

"""What an agent says is hidden before branch, commit, title and description exist; what was replaced is told, never the value."""

import json

from tests.builders import SHOP_POLICY
from tests.fakes.bot_face import FakeFace
from tests.support.veiled import veil
from tests.unit.bot.test_asks import ASK

MAIL, HOST, PASSWORD = "rosa@mail.example.com", "10.20.30.40", "tea-Kettle-9"
SAID = {
    "title": f"Move {HOST}",
    "rationale": f"{MAIL} asked for {HOST}.\n\npassword={PASSWORD}\n",
    "rollback": f"restore {HOST}",
    "tests": [f"mailed {MAIL}"],
    "not_sure": [f"whether password={PASSWORD} is right"],
    "assisted_by": f"Model <{MAIL}>",
}


def shop(policy: str | None) -> FakeFace:
    face = FakeFace()
    files = {"README.md": "The shop\n"} | ({} if policy is None else {".countersign/policy.yaml": policy})
    face.repository.commit(files)
    face.repository.fetch()
    return face


def written(face: FakeFace) -> str:
    branches = [str(name) for _, name in face.world.branches]
    changes = [(held.title, held.description) for held in face.world.changes.values()]
    commits = list(face.branches.messages.values())
    return json.dumps([branches, changes, commits])


def ask(face: FakeFace) -> dict[str, object]:
    base = face.repository.tip("main")
    answer = face.propose(ASK | SAID | {"base": base})
    assert answer.status_code in {200, 201}, answer.text
    document = answer.json()
    assert isinstance(document, dict)
    return document


def test_nothing_of_it_leaves_without_a_policy() -> None:
    face = shop(None)
    told = ask(face)
    assert told["replaced"] == {"host": 3, "personal": 3, "secret": 2}
    assert not any(value in written(face) + json.dumps(told) for value in (MAIL, HOST, PASSWORD))


def test_a_policy_names_the_classes_and_secrets_always_are_hidden() -> None:
    face = shop(SHOP_POLICY + "tokens: {host: {reveal: never}}\n")
    assert ask(face)["replaced"] == {"host": 3, "secret": 2}
    assert MAIL in written(face)
    assert HOST not in written(face)
    plain = shop(SHOP_POLICY)
    assert ask(plain)["replaced"] == {"secret": 2}


def test_a_policy_that_does_not_load_hides_every_class() -> None:
    assert ask(shop("version: 1\n"))["replaced"] == {"host": 3, "personal": 3, "secret": 2}


def test_the_same_again_is_the_same_branch_and_commit() -> None:
    face = shop(None)
    one, two = ask(face), ask(face)
    assert (one["new"], two["new"]) == (True, False)
    assert (one["branch"], one["head"], one["iid"]) == (two["branch"], two["head"], two["iid"])


def test_the_runners_key_gives_the_same_token() -> None:
    face = shop(None)
    ask(face)
    assert veil().blind("acme/shop").tokenize(HOST).text in written(face)


def test_a_line_stays_as_long_as_lines_may_be() -> None:
    face = shop(None)
    answer = face.propose(ASK | {"title": " ".join([HOST] * 16), "base": face.repository.tip("main")})
    assert answer.status_code == 201
    [held] = face.world.changes.values()
    assert len(held.title) <= 200
    assert not held.title.endswith("TK1")

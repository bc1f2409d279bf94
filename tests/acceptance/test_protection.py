"""What the forge itself keeps people from, as docs/operations.md asks an installation to set it up."""

import gitlab
import pytest

from countersign.attestation.record import AUDIT_BRANCH
from tests.acceptance.asks import migration
from tests.stage import shop
from tests.stage.stage import Stage


def pushes(playing: Stage, username: str, branch: str) -> int:
    """Have somebody commit to a branch; give the forge's status."""
    action = {"action": "create", "file_path": f"by-{username}.txt", "content": "words"}
    asked = {
        "branch": branch,
        "commit_message": "Words",
        "actions": [action],
        "author_email": "wim@shop.example",
        "author_name": "Wim",
    }
    try:
        playing.cast.client(username).projects.get(shop.PROJECT).commits.create(asked)
    except gitlab.GitlabCreateError as error:
        return int(error.response_code or 0)
    return 201


@pytest.mark.parametrize("username", ["wanda", "lea", shop.AGENT, *shop.RUNNERS.values()])
def test_nobody_but_the_bot_pushes_to_a_proposal(playing: Stage, username: str) -> None:
    cast = playing.cast
    iid = cast.propose(migration("production", "ALTER TABLE orders ADD COLUMN pushed text;"))
    branch, head = cast.change("lea", iid).source_branch, cast.change("lea", iid).sha
    assert branch.startswith("proposals/")
    assert pushes(playing, username, branch) in {400, 403}
    assert cast.change("lea", iid).sha == head


@pytest.mark.parametrize("username", ["lea", shop.BOT, shop.AGENT])
@pytest.mark.parametrize("branch", ["main", AUDIT_BRANCH])
def test_nobody_pushes_to_the_policy_and_only_runners_to_the_record(playing: Stage, username: str, branch: str) -> None:
    assert pushes(playing, username, branch) in {400, 403}

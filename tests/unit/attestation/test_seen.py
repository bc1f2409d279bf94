"""Every checkpoint that a text holds is taken, wherever it stands; what only looks like one is refused, never passed over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.checkpoint import Checkpoint, seen
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, MalformedError
from tests.support.audit import ORIGIN, signer, trust_root

BEFORE = ["", "- checkpoint: ", "* ", "**Checkpoint:** ", "CHECKPOINT: `", "Checkpoint ", "> ", "seen: ", "| ", '"', "(", "and "]
AFTER = ["", "`", " (keep it elsewhere)", ".", ", ", "\r\n", '"', " |"]
checkpoints = st.builds(
    lambda size, root: Checkpoint(size, Digest(f"sha256:{root.hex()}")),
    st.integers(1, 10**10 - 1),
    st.binary(min_size=32, max_size=32),
)
places = st.tuples(st.sampled_from(BEFORE), checkpoints, st.sampled_from(AFTER), st.sampled_from([" ", "\n", "\nwords\n\n"]))


@given(st.lists(places, min_size=1, max_size=6))
def test_every_checkpoint_is_taken_wherever_it_stands(held: list[tuple[str, Checkpoint, str, str]]) -> None:
    text = "".join(f"{before}{one}{after}{apart}" for before, one, after, apart in held)
    assert seen(text, trust_root()) == ([one for _, one, _, _ in held], None)


GOOD = "3@sha256:" + "0" * 64


@pytest.mark.parametrize(
    "bad",
    [
        GOOD[:-1],
        GOOD + "0",
        GOOD.replace("0" * 64, "A" * 64),
        GOOD.replace("sha", "SHA"),
        "0" + GOOD,
        "-" + GOOD,
        "12345678901" + GOOD,
        "postgres:1" + GOOD,
        "\u0663" + GOOD[1:],
        f"{GOOD[:40]}\n{GOOD[40:]}",
    ],
)
def test_what_looks_like_a_checkpoint_and_is_none_is_refused_with_its_line(bad: str) -> None:
    with pytest.raises(MalformedError, match=r"^line 3: looks like a checkpoint"):
        seen(f"{GOOD}\n\nsaw {bad}\n{GOOD}\n", trust_root())


def test_a_note_is_not_passed_over_beside_checkpoints() -> None:
    note = str(TreeHead(ORIGIN, 3, bytes(32)).sign(signer().public, signer().sign_raw))
    assert seen(note, trust_root())[0] == [Checkpoint.parse(GOOD)]
    for text in (f"{GOOD}\n\n{note}", f"{note}\n{GOOD}\n"):
        with pytest.raises(MalformedError, match="give each for itself"):
            seen(text, trust_root())

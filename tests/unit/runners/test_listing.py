"""A record lists what it has room for, and is never too large by its list."""

from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.record import LISTED
from countersign.attestation.room import room
from countersign.domain.approval import NOTHING_YET
from countersign.domain.facts import Facts
from countersign.domain.inputs import Inputs
from runners.listing import with_inputs
from tests.builders import NOON, file_change, proposal

LETTERS = st.text(alphabet='aä/\u202e\U0001f600"\\', min_size=1, max_size=60)


@given(st.sampled_from([0, 3, LISTED, LISTED + 1, 400, 900]), LETTERS, st.integers(0, 30_000))
def test_the_list_ends_where_the_room_does(count: int, word: str, other: int) -> None:
    paths = [f"{number}{word}" for number in range(count)]
    inputs = Inputs(proposal(found=Facts(files=tuple(file_change(path) for path in paths))), NOTHING_YET, NOON)
    body: dict[str, object] = {"change": {"paths": paths[:LISTED], "paths_total": count}, "why": "x" * other}
    made = with_inputs(body, inputs)
    listed = made["change"]["paths"]  # type: ignore[index]  # it is there
    assert listed == paths[: len(listed)]
    assert len(listed) >= min(count, LISTED)
    assert room(made) >= 0 or len(listed) == len(body["change"]["paths"])  # type: ignore[index]

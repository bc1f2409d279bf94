"""A message from the queue is a stranger's request: well-formed and ours, or refused on the record."""

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import ForgeFault, Refused
from runners.pipeline import Ending
from runners.tasks import receive


@dataclass
class Desk:
    """Remembers what it was asked."""

    ours: str = "acme/shop"
    handled: list[ChangeRef] = field(default_factory=list)
    refused: list[tuple[bytes, str]] = field(default_factory=list)
    """The desk is its own record of refusals here."""

    def handle(self, ref: ChangeRef) -> Ending:
        if ref.project != self.ours:
            raise Refused("intake", "not ours")
        self.handled.append(ref)
        return Ending.WAITING

    def refuse(self, message: bytes, why: str) -> None:
        self.refused.append((message, why))

    def tick(self) -> None:
        raise AssertionError


def test_a_request_is_handled() -> None:
    desk = Desk()
    assert receive(desk, desk, ({"v": 1, "project": "acme/shop", "iid": 7},), {}) is Ending.WAITING
    assert desk.handled == [ChangeRef("acme/shop", 7)]
    assert desk.refused == []


@pytest.mark.parametrize(
    "message",
    [
        {"v": 1, "project": "acme/shop", "iid": 7, "approved": True},
        {"v": 1, "project": "acme/shop", "iid": "7"},
        {"v": 1, "project": "acme/shop", "iid": True},
        {"v": 1, "project": "acme/shop", "iid": 0},
        {"v": 2, "project": "acme/shop", "iid": 7},
        {"v": 1, "project": "acme/../shop", "iid": 7},
        {"v": 1, "iid": 7},
        "acme/shop!7",
        None,
        [],
    ],
)
def test_anything_else_is_refused_and_recorded(message: object) -> None:
    desk = Desk()
    assert receive(desk, desk, (message,), {}) is Ending.REFUSED
    assert desk.handled == []
    assert len(desk.refused) == 1


@pytest.mark.parametrize(("args", "kwargs"), [((), {}), (({}, {}), {}), ((), {"project": "acme/shop", "iid": 7})])
def test_other_calling_conventions_are_refused(args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    desk = Desk()
    assert receive(desk, desk, args, kwargs) is Ending.REFUSED
    assert desk.handled == []


def test_a_project_that_is_not_ours_is_refused() -> None:
    desk = Desk()
    assert receive(desk, desk, ({"v": 1, "project": "acme/other", "iid": 7},), {}) is Ending.REFUSED
    assert [why for _, why in desk.refused] == ["intake: not ours"]


def test_could_not_is_not_a_no() -> None:
    class Away(Desk):
        def handle(self, ref: ChangeRef) -> Ending:
            raise ForgeFault(str(ref))

    desk = Away()
    with pytest.raises(ForgeFault):
        receive(desk, desk, ({"v": 1, "project": "acme/shop", "iid": 7},), {})
    assert desk.refused == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_no_message_raises_or_leaks_its_values(message: object) -> None:
    desk = Desk(ours="nobody/here")
    assert receive(desk, desk, (message,), {}) is Ending.REFUSED
    (_, why) = desk.refused[0]
    assert "Traceback" not in why


def test_the_reason_names_fields_not_values() -> None:
    desk = Desk()
    receive(desk, desk, ({"v": 1, "project": "acme/shop", "iid": 7, "approved": "s3cret-value"},), {})
    (message, why) = desk.refused[0]
    assert "approved" in why
    assert "s3cret-value" not in why
    assert json.loads(message)["approved"] == "s3cret-value"

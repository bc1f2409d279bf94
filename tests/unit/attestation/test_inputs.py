"""A record holds what its decision was made from, whole where there is room, and never what is not its own."""

from datetime import timedelta

import pytest

from countersign.attestation.inputs import TOO_LARGE, Unrecorded, enclose, enclosed
from countersign.attestation.place import Place
from countersign.attestation.record import MAX_RECORD, Draft, RecordKind
from countersign.attestation.statement import write
from countersign.domain.ids import MalformedError
from countersign.domain.inputs import Inputs
from tests.builders import NOON, WANDA, evidence, file_change, proposal
from tests.support.bodies import refused_by_policy


def inputs(files: int = 1) -> Inputs:
    changes = [file_change(f"db/staging/shop/{'long-' * 20}{number}.md") for number in range(files)]
    return Inputs(proposal(*changes), evidence(WANDA), NOON)


def written(body: dict[str, object]) -> bytes:
    draft = Draft(
        RecordKind.REFUSED, "refused/" + "k" * 150, "s" * 255, None, None, NOON, body, (("head", {"gitCommit": "1" * 40}),)
    )
    return write(draft, Place("https://forge.example/" + "p" * 230, 10**9, None, NOON + timedelta(seconds=1)))


def test_they_come_out_as_they_went_in_but_for_words() -> None:
    assert enclosed(enclose({"why": "so"}, inputs())) == inputs().without_words()


def test_what_is_too_large_goes_in_by_digest_and_says_so() -> None:
    body = enclose({"why": "so"}, inputs(files=400))
    assert enclosed(body) == Unrecorded(TOO_LARGE)
    assert body["inputs"] == {"digest": inputs(files=400).without_words().digest(), "document": None, "why": TOO_LARGE}


@pytest.mark.parametrize("files", range(100, 240, 10))
def test_a_record_with_inputs_is_never_larger_than_a_record_may_be(files: int) -> None:
    assert len(written(enclose(refused_by_policy(), inputs(files)))) <= MAX_RECORD


def test_a_body_without_inputs_says_that() -> None:
    assert isinstance(enclosed({"why": "so"}), Unrecorded)


@pytest.mark.parametrize(
    "part",
    [
        "all",
        {"digest": "sha256:" + "0" * 64, "document": inputs().document()},
        {"document": inputs().document()},
        {"digest": inputs().digest(), "document": {"now": "noon"}},
    ],
)
def test_what_is_not_of_the_form_is_refused(part: object) -> None:
    with pytest.raises(MalformedError):
        enclosed({"inputs": part})

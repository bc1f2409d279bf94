"""The pages of a branch's first commit stay there for good: what they list has to be what there is."""

import re

from countersign.adapters.ledger.pages import genesis_pages
from countersign.attestation.record import OUTCOMES, RecordKind
from countersign.attestation.statement import Predicate

FORMAT = dict(genesis_pages("https://forge.example/acme/shop.git"))["FORMAT.md"].decode()


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| (`.+`) \| (.+) \|$", FORMAT, re.MULTILINE))


def test_every_kind_of_record_is_listed() -> None:
    assert rows()["`kind`"].split(", ") == [kind.value for kind in RecordKind]


def test_every_field_of_the_predicate_is_listed() -> None:
    assert re.findall(r"`(\w+)`", " ".join(rows())) == list(Predicate.model_fields)


def words(begin: str, end: str) -> list[str]:
    return re.findall(r"\w+", FORMAT.partition(begin)[2].partition(end)[0])


def test_what_ends_a_run_or_a_question_and_what_does_not_is_said() -> None:
    assert {kind.value for kind in OUTCOMES} <= {*words("Exactly one of", " follows it")}
    about = {RecordKind.EXPIRED, RecordKind.SUPERSEDED, RecordKind.ALLOWED, RecordKind.EMERGENCY}
    assert {kind.value for kind in about} <= {*words("A question (assessed) ends", "\n\n")}

"""What a decision was made from, as the record of that decision holds it: whole where there is room, else by digest.

Pure. Words and addresses are left out (`Inputs.without_words`). Does not decide again; whoever does needs the policy, which the
record names, and asks `contradiction` whether the rest of the record fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from countersign.attestation.room import fits
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import MalformedError, digest_of
from countersign.domain.inputs import Inputs

FIELD = "inputs"
TOO_LARGE = "inputs not recorded: too large"


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """The record does not hold the inputs; `why` is for people."""

    why: str


def enclose(body: Mapping[str, object], inputs: Inputs) -> dict[str, object]:
    """Give the body with the inputs in it; where the record would grow too large, with their digest and a word that says so."""
    kept = inputs.without_words()
    digest = kept.digest()
    whole = {**body, FIELD: {"digest": digest, "document": kept.document()}}
    if fits(whole):
        return whole
    return {**body, FIELD: {"digest": digest, "document": None, "why": TOO_LARGE}}


def enclosed(body: Mapping[str, object]) -> Inputs | Unrecorded:
    """Give the inputs that a record's body holds.

    Raises:
        MalformedError: they are not of their form, of a later version, or not those that their digest names.
    """
    part = body.get(FIELD)
    if part is None:
        return Unrecorded("inputs not recorded: the record is older than they are, or came before the policy could speak")
    if not isinstance(part, Mapping):
        raise MalformedError("inputs is no object")
    document = part.get("document")
    if document is None:
        return Unrecorded(str(part.get("why") or TOO_LARGE))
    if digest_of(canonical_json(document)) != part.get("digest"):
        raise MalformedError("inputs are not those that their digest names")
    return Inputs.read(document)

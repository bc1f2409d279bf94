"""Bodies about the log itself, and about what stands on it: heartbeats, keys, timestamps, promotions."""

from typing import Annotated

from countersign.attestation.bodies.decision import Promotion
from countersign.attestation.bodies.part import Count, Moment, Part, Plain, Repeats, told
from countersign.attestation.bodies.question import Ocsf, Policy


class Heartbeat(Part):
    """That somebody was there to record."""

    open_runs: Annotated[Count, told("Runs that were announced and have not ended.", "what they did")]


class Key(Part):
    """A signing key."""

    fingerprint: Annotated[str, told("As ssh-keygen prints it.")]
    key: Annotated[str, told("The public key in one line.", "who connects")]


class KeyRotation(Part):
    """A new signing key, announced by the old one, which signs this."""

    new: Annotated[Key, told("Signs from now on.", "who connects")]
    old: Annotated[Key, told("Has signed so far.", "who connects")]


class Timestamp(Part):
    """An authority's word (RFC 3161) that the log existed at this size."""

    authority: Annotated[str, told("Where it was got.")]
    head: Annotated[str, told("The three lines that it is over: log, size and root.")]
    time: Annotated[Moment, told("The authority's time.")]
    token: Annotated[str, told("The token (DER) in base64.")]


class Annotation(Part):
    """Something about the log: a timestamp."""

    ocsf: Annotated[Ocsf, told("For tools.")]
    timestamp: Annotated[Timestamp, told("The timestamp.")]


class Promoted(Part):
    """The policy lets a combination go a tier milder, and the record stands behind it from now on."""

    ocsf: Annotated[Ocsf, told("For tools.")]
    policy: Annotated[Policy, told("Which policy says so.", "who said yes")]
    promotion: Annotated[Promotion, told("What goes milder.", "who said yes")]
    why: Annotated[str, told("In a sentence.", "who said yes")]


class Demoted(Part):
    """A promotion is taken back."""

    by: Annotated[str | None, told("The run that lost it, or the person who says so.", "who said yes")]
    ocsf: Annotated[Ocsf, told("For tools.")]
    promotion: Annotated[Plain, Repeats(Promotion), told("Repeats what went milder; not in force any more.", "who said yes")]
    why: Annotated[str, told("In a sentence.", "who said yes")]

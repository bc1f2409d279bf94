"""Bodies about the log itself, and about what stands on it: heartbeats, keys, timestamps, promotions."""

from typing import Annotated, Literal

from pydantic import Field

from countersign.attestation.bodies.decision import Promotion
from countersign.attestation.bodies.outcome import Announced
from countersign.attestation.bodies.part import Count, LeftOut, Moment, Part, Plain, Repeats, told
from countersign.attestation.bodies.people import Actor, Tokens
from countersign.attestation.bodies.question import Ocsf, Policy, Seen


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


class Where(Part):
    """What of the decision is repeated from the intent."""

    environment: Annotated[str | None, told("Where it went.", "what they can reach")]
    tier: Annotated[str | None, told("In which tier.", "who said yes")]


class Found(Part):
    """What a run did that another runner had closed as lost: beside its outcome, which stands.

    Parts come from what was kept on a disk, maybe by an earlier version: only their kind is asked for.
    """

    actor: Annotated[Plain, Repeats(Actor), told("Repeats who had a part in it, from the intent.", "who connects")]
    began: Annotated[Literal[False] | None, told("False where it was announced and no more; else left out.")] = None
    change: Annotated[Plain, Repeats(Seen), told("Repeats what it is about, from the intent.", "what they did")]
    decision: Annotated[Where, told("Repeats where it went, from the intent.", "what they can reach")]
    fault: Annotated[str | None, told("What could not be done, with tokens for values.", "what they did")]
    found: Annotated[Literal["executed", "failed"], told("What came of it.", "what they did")]
    grants: Annotated[list[Plain], told("Every credential, and how it ended, as in an outcome.", "what they can reach")]
    intent: Annotated[Announced, told("The intent of the run.", "who said yes")]
    left_out: Annotated[list[LeftOut], told("Parts that there was no room for; left out where there was.")] = Field([])
    ocsf: Annotated[Ocsf, told("For tools.")]
    of: Annotated[Announced, told("The outcome that says lost.")]
    result: Annotated[Plain | None, told("What the sandbox saw, as in an outcome; null where no command ended.", "what they did")]
    run: Annotated[str, told("The run.", "what they did")]
    timeline: Annotated[list[Plain], told("How long each step took, as in an outcome.")]
    tokens: Annotated[Tokens, told("What was hidden in these texts.", "what data crosses")]
    why: Annotated[str, told("Why it is told here.", "what they did")]


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

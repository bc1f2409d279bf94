"""Bodies of outcomes: what came of a run, and how each of its credentials ended."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from countersign.attestation.bodies.part import Count, Hash, LeftOut, Moment, Part, Plain, Repeats, told
from countersign.attestation.bodies.people import Actor, Tokens
from countersign.attestation.bodies.question import Ocsf, Seen
from countersign.domain.run import Ending
from countersign.domain.scope import Proof


class Attempts(Part):
    """How often something was reached for, and what was passed on."""

    attempts: Annotated[int, Field(ge=1), told("How often the run tried.", "how traffic gets there")]
    received: Annotated[Count, told("Bytes from there.", "what data crosses")]
    sent: Annotated[Count, told("Bytes to there.", "what data crosses")]


class Connection(Attempts):
    """All attempts to reach one endpoint that had the same verdict."""

    allowed: Annotated[bool, told("The proxy's verdict.", "how traffic gets there")]
    name: Annotated[str, told("`host:port`.", "how traffic gets there")]


class Unlisted(Attempts):
    """The connections that there was no room for."""

    digest: Annotated[Hash, told("Of their list, in canonical JSON.")]
    endpoints: Annotated[int, Field(ge=1), told("How many there are.", "how traffic gets there")]


class Output(Part):
    """What a command printed."""

    digest: Annotated[Hash, told("Of all of it, sealed with the key for tokens.", "what data crosses")]
    tail: Annotated[str, told("Its end, with tokens for values.", "what data crosses")]


class Result(Part):
    """One command in its sandbox."""

    argv: Annotated[list[str], told("The command.", "what they did")]
    argv_digest: Annotated[Hash, told("Of the command in canonical JSON.", "what they did")]
    backend: Annotated[str, told("What ran the container.")]
    connections: Annotated[
        list[Connection], told("What it tried to reach, those first that it was let through to.", "how traffic gets there")
    ]
    connections_left_out: Annotated[
        Unlisted | None, told("Those that there was no room for; null where all are listed.", "how traffic gets there")
    ] = None
    ending: Annotated[Ending, Field(strict=False), told("Why it stopped.", "what they did")]
    exit_code: Annotated[int | None, told("Its exit status; null where it did not exit by itself.", "what they did")]
    finished: Annotated[Moment, told("When it ended.", "what they did")]
    image: Annotated[str, told("The container image, by digest.", "what they did")]
    ms: Annotated[Count, told("How long it took, in milliseconds.")]
    network: Annotated[str, told("The network that the sandbox was put into.", "how traffic gets there")]
    ok: Annotated[bool, told("Whether it ended by itself with status 0.", "what they did")]
    profile_digest: Annotated[Hash, told("Of the sandbox's settings.")]
    runtime: Annotated[str, told("The container runtime.")]
    started: Annotated[Moment, told("When it began.", "what they did")]
    stderr: Annotated[Output, told("What it said of itself.", "what data crosses")]
    stdout: Annotated[Output, told("What it printed.", "what data crosses")]
    tainted: Annotated[bool, told("Whether a credential was seen in its output.", "what data crosses")]


class Revoked(Part):
    """How a credential ended. All null where it was never asked to."""

    handle: Annotated[str, told("By which it was revoked.", "what they can reach")]
    proof: Annotated[
        Annotated[Proof, Field(strict=False)] | None, told("What an attempt to use it met afterwards.", "what they can reach")
    ]
    proof_detail: Annotated[str | None, told("The target's own answer, with tokens for values.")]
    revoked: Annotated[Moment | None, told("When it was revoked.", "what they can reach")]


class Minted(Revoked):
    """A credential that was minted before our eyes."""

    expires: Annotated[Moment, told("When it would have ended by itself.", "what they can reach")]
    minted: Annotated[Moment, told("When it came to be.", "what they can reach")]
    provider: Annotated[str, told("Who minted it.", "what they can reach")]
    public_id: Annotated[str, told("Its name in the target's own log.", "who connects")]
    scope_digest: Annotated[Hash, told("Of its scope, which the intent names.", "what they can reach")]


class Unminted(Revoked):
    """A credential that nobody saw minted; it was revoked all the same."""

    minted: Annotated[None, told("Not seen.")]


def _seen(grant: object) -> str:
    return "minted" if isinstance(grant, dict) and grant.get("minted") is not None else "unminted"


Grant = Annotated[Annotated[Minted, Tag("minted")] | Annotated[Unminted, Tag("unminted")], Discriminator(_seen)]


class Step(Part):
    """A step of the run, as architecture.md numbers them."""

    began: Annotated[Moment, told("When it began.")]
    ms: Annotated[Count, told("How long it took, in milliseconds.")]
    name: Annotated[str, told("Its name.")]
    step: Annotated[int, Field(ge=1), told("Its number.")]


class Announced(Part):
    """The record of the intent."""

    digest: Annotated[Hash, told("Of that record's bytes.")]
    seq: Annotated[Count, told("That record's number.")]


class Outcome(Part):
    """What every outcome says."""

    actor: Annotated[Plain, Repeats(Actor), told("Repeats who had a part in it, from the intent.", "who connects")]
    change: Annotated[Plain, Repeats(Seen), told("Repeats what it is about, from the intent.", "what they did")]
    environment: Annotated[str | None, told("Repeats where it went.", "what they can reach")]
    fault: Annotated[str | None, told("What could not be done, with tokens for values.", "what they did")]
    grants: Annotated[list[Grant], told("Every credential, and how it ended.", "what they can reach")]
    intent: Annotated[Announced, told("The intent that this ends.", "who said yes")]
    left_out: Annotated[list[LeftOut], told("Parts that there was no room for; left out where there was.")] = Field([])
    ocsf: Annotated[Ocsf, told("For tools.")]
    outcome: Annotated[str, told("What came of it; the record's kind.", "what they did")]
    result: Annotated[Result | None, told("What the sandbox saw; null where no command ended.", "what they did")]
    timeline: Annotated[list[Step], told("How long each step took.")]
    tokens: Annotated[Tokens, told("What was hidden in these texts.", "what data crosses")]


class Executed(Outcome):
    """The command ended by itself with status 0."""

    fault: Annotated[None, told("Nothing was amiss.")]
    outcome: Annotated[Literal["executed"], told("What came of it; the record's kind.", "what they did")]
    result: Annotated[Result, told("What the sandbox saw.", "what they did")]


class Failed(Outcome):
    """It did not end well, or never began."""

    began: Annotated[
        Literal[False] | None,
        told("False where it was announced and no more: nothing was minted, nothing was run. Left out where it may have begun."),
    ] = None
    outcome: Annotated[Literal["failed"], told("What came of it; the record's kind.", "what they did")]


class Lost(Outcome):
    """Nobody can tell how it ended. Credentials were revoked all the same."""

    fault: Annotated[None, told("Not known.")]
    outcome: Annotated[Literal["lost"], told("What came of it; the record's kind.", "what they did")]
    result: Annotated[None, told("Not known.")]
    why: Annotated[str, told("Why nobody can tell.", "what they did")]

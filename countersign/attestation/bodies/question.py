"""Bodies about a change, up to its run: what was asked, refused, announced, and how a question ended without a run."""

from typing import Annotated, Literal

from pydantic import Field

from countersign.attestation.bodies.decision import Decision, Gist, Scope, Weighed
from countersign.attestation.bodies.part import Commit, Count, Hash, LeftOut, Moment, Part, Plain, Repeats, told
from countersign.attestation.bodies.people import Actor, Claims, Evidence, Given, Rationale, Tokens

Stage = Literal["intake", "policy", "approval", "mint", "network", "sandbox", "audit"]


class Ocsf(Part):
    """The numbers by which tools that know OCSF sort records."""

    activity_id: Annotated[int, told("What was done: 3 update, 99 other.")]
    class_uid: Annotated[Literal[6003], told("API Activity.")]
    severity_id: Annotated[int, told("1 informational, 2 low, 3 medium, 4 high.")]
    status_id: Annotated[int, told("0 unknown, 1 success, 2 failure.")]


class Named(Part):
    """A merge or pull request as it was seen."""

    head: Annotated[Commit, told("Its newest commit: what is decided, approved and run.", "what they did")]
    iid: Annotated[int, Field(ge=1), told("Its number.")]
    repository: Annotated[str, told("Its repository.")]
    source_branch: Annotated[str, told("Where it comes from.")]
    target_branch: Annotated[str, told("Where it goes.")]
    url: Annotated[str, told("Its page at the forge.")]


class Unseen(Named):
    """A change that was refused before it was read."""

    base: Annotated[None, told("Not known.")]
    paths: Annotated[list[str], Field(max_length=0), told("Not known.")]
    tree: Annotated[None, told("Not known.")]


class Seen(Named):
    """A change that was read."""

    base: Annotated[Commit, told("The commit of the protected branch that it was held against.")]
    counts_as: Annotated[dict[str, str], told("What kind of change it is, in the words that promotions count by.")]
    lines: Annotated[Count, told("Lines added and removed.", "what data crosses")]
    paths: Annotated[
        list[str],
        told(
            "The first 200 paths that it touches; where there was no room for the inputs, as many as there was room for.",
            "what data crosses",
        ),
    ]
    paths_total: Annotated[Count, told("How many it touches.", "what data crosses")]
    tree: Annotated[Commit, told("What the protected branch would hold afterwards.", "what data crosses")]


class Engine(Part):
    """The program that decided."""

    digest: Annotated[Hash | None, told("Of the source of all that decides; null where that cannot be read.")]
    version: Annotated[str, told("Its version.")]


class Policy(Part):
    """A policy, where it was read and what it was."""

    commit: Annotated[Commit, told("The commit of the protected branch that it was read from.", "who said yes")]
    digest: Annotated[Hash, told("Of its bytes.", "who said yes")]


class Inputs(Part):
    """Everything else that the decision was made from, so that anybody can decide again (`countersign audit replay`)."""

    digest: Annotated[Hash, told("Of the document in canonical JSON.")]
    document: Annotated[Plain | None, told("The whole of it; null where there was no room.")]
    why: Annotated[str, told("Why it is not there; left out where it is.")] = ""


class Lease(Part):
    """A credential that may be minted."""

    handle: Annotated[str, told("By which it is revoked, and found in the target's log.", "what they can reach")]
    scope: Annotated[Scope, told("What it reaches.", "what they can reach")]


class Judged(Part):
    """What every record of a decision says."""

    actor: Annotated[Actor, told("Who asked, who acted, who said yes.", "who connects")]
    binding: Annotated[Hash, told("Binds change, head, plan and policy: an approval is of exactly this.", "who said yes")]
    change: Annotated[Seen, told("What it is about.", "what they did")]
    claims: Annotated[Claims, told("What the agent claims; not believed.")]
    decision: Annotated[Decision, told("What the policy said, and why.", "who said yes")]
    engine: Annotated[Engine, told("Which program decided.")]
    evidence: Annotated[
        Evidence | None, told("What approvals were taken from; left out where the forge was not asked.", "who said yes")
    ] = None
    inputs: Annotated[Inputs, told("What it was decided from.")]
    ocsf: Annotated[Ocsf, told("For tools.")]
    policy: Annotated[Policy, told("Which policy spoke.", "who said yes")]
    rationale: Annotated[Rationale, told("Why the agent wants it; not believed.")]
    tokens: Annotated[Tokens, told("What was hidden in these texts.", "what data crosses")]


class Assessed(Judged):
    """The question as it was put: approvals count from here on."""


class Intent(Judged):
    """What is about to run, written before any credential exists."""

    leases: Annotated[list[Lease], told("Every credential that may be minted for it.", "what they can reach")]


class Allowed(Judged):
    """That approvals suffice for a change for which nothing runs: people may merge it."""


class Emergency(Judged):
    """That people lifted a freeze for the run that is announced next."""


class RefusedByPolicy(Judged):
    """The policy said no."""

    stage: Annotated[Literal["policy"], told("Where it was refused.")]
    why: Annotated[str, told("The rules that said no.", "who said yes")]


class RefusedUnseen(Part):
    """A change that could not be judged, or not be run, as it is."""

    change: Annotated[Unseen, told("What it is about.", "what they did")]
    engine: Annotated[Engine, told("The program that refused.")]
    ocsf: Annotated[Ocsf, told("For tools.")]
    rationale: Annotated[Rationale, told("What the change says of itself; not believed.")]
    stage: Annotated[Stage, told("Where it was refused.")]
    tokens: Annotated[Tokens, told("What was hidden in these texts.", "what data crosses")]
    why: Annotated[str, told("In a sentence.", "who said yes")]


class Message(Part):
    """A message from the queue; itself it is not kept."""

    bytes: Annotated[Count, told("Its size.")]
    digest: Annotated[Hash, told("Of its bytes.")]


class Messages(Part):
    """More messages than get a record each."""

    count: Annotated[int, Field(ge=1), told("How many.")]
    digest: Annotated[Hash, told("Made of theirs, one after the other, as the runner's log has them.")]


class RefusedMessage(Part):
    """A message that no honest bot sends."""

    message: Annotated[Message, told("The message.", "what they did")]
    stage: Annotated[Literal["intake"], told("Where it was refused.")]
    why: Annotated[str, told("In a sentence.", "who said yes")]


class RefusedMessages(Part):
    """How many more such messages there were."""

    messages: Annotated[Messages, told("The messages.", "what they did")]
    stage: Annotated[Literal["intake"], told("Where they were refused.")]
    why: Annotated[str, told("In a sentence.", "who said yes")]


class Asked(Part):
    """The record of the question that ends."""

    asked: Annotated[Moment, told("When it was put.")]
    digest: Annotated[Hash, told("Of that record's bytes.")]
    seq: Annotated[Count, told("That record's number.")]


class Ended(Part):
    """What the end of a question says without a run; what it repeats is the question's."""

    actor: Annotated[Plain, Repeats(Actor), told("Repeats who asked.", "who connects")]
    change: Annotated[Plain, Repeats(Seen), told("Repeats what it was about.", "what they did")]
    decision: Annotated[Gist, told("Repeats the little that searches ask for.")]
    engine: Annotated[Engine, told("The program that says so.")]
    left_out: Annotated[list[LeftOut], told("Parts that there was no room for; left out where there was.")] = Field([])
    ocsf: Annotated[Ocsf, told("For tools.")]
    policy: Annotated[Plain, Repeats(Policy), told("Repeats which policy spoke.")]
    question: Annotated[Asked, told("The question.")]
    why: Annotated[str, told("In a sentence.", "who said yes")]


class End(Part):
    """How a change ended at the forge."""

    at: Annotated[Moment | None, told("When; null where the forge does not say.", "what they did")]
    head: Annotated[Commit, told("Its newest commit then.", "what they did")]
    state: Annotated[Literal["closed", "merged"], told("Whether it was merged by people, or closed.", "what they did")]


class Expired(Ended):
    """A question that is not answered any more."""

    approvals: Annotated[list[Given], told("The approvals that there were, whether they count or not.", "who said yes")]
    decision: Annotated[Weighed, told("Repeats the little that searches ask for, and says which approvals count.", "who said yes")]
    ended: Annotated[End | None, told("How its change ended; left out where it is open.", "what they did")] = None
    evidence: Annotated[Evidence, told("What the approvals were taken from.", "who said yes")]
    unjudged: Annotated[str, told("Why nobody can tell which of them count; left out where it was judged.", "who said yes")] = ""


class Superseded(Ended):
    """A question whose place another one, or a refusal, took."""

    by: Annotated[str, told("The key of that record.")]

"""Who asked, who acted, who said yes, and what the agent said of it."""

from typing import Annotated

from pydantic import Field

from countersign.attestation.bodies.part import Commit, Count, Hash, Moment, Part, told


class Person(Part):
    """An account of the forge."""

    id: Annotated[int, told("The account's number at the forge; a name can change hands, a number does not.", "who connects")]
    username: Annotated[str, told("The account's name at that time.", "who connects")]


class Agent(Part):
    """The agent that proposed the change, as far as it was proved."""

    id: Annotated[str, told("The agent's name in the policy.", "who connects")]
    model: Annotated[str, told("What the agent says that it is; not proved.")]
    strength: Annotated[
        int,
        Field(ge=0, le=2),
        told("0: only named by a trailer; 1: authenticated to us; 2: by a workload identity.", "who connects"),
    ]


class Given(Person):
    """An approval as the forge has it."""

    at: Annotated[Moment, told("When it was given.", "who said yes")]
    head: Annotated[Commit | None, told("The commit that was approved; null where nobody can prove which.", "who said yes")]


class Approver(Given):
    """A person whose approval counts, and for which slot."""

    head: Annotated[Commit, told("The commit that was approved; no other one may run.", "who said yes")]
    member_by: Annotated[
        str | None, told("The name in the policy by which the person is in the team: a group or an account.", "who said yes")
    ]
    team: Annotated[str, told("The team whose slot the person fills.", "who said yes")]


class Answer(Part):
    """One answer of the forge."""

    digest: Annotated[Hash, told("Of its bytes, sealed with the key for tokens.", "who said yes")]
    path: Annotated[str, told("What was asked for, without host and token.", "who said yes")]


class Version(Part):
    """One version of the change, as the forge lists them."""

    created: Annotated[Moment, told("When it was pushed.", "who said yes")]
    head: Annotated[Commit, told("Its newest commit.", "who said yes")]


class Unnamed(Part):
    """The answers of the forge that a record does not name."""

    count: Annotated[int, Field(ge=1), told("How many there were.")]
    digest: Annotated[Hash, told("Of their list as it would stand here, in canonical JSON.")]


class Evidence(Part):
    """What approvals and membership were taken from."""

    answers: Annotated[list[Answer], told("The forge's answers, the first 50 in the order in which it was asked.", "who said yes")]
    answers_left_out: Annotated[Unnamed | None, told("Those beyond that; left out where there were none.")] = None
    versions: Annotated[list[Version], told("Those around each approval, which tell what was approved.", "who said yes")]
    versions_total: Annotated[Count, told("How many versions there were.")]


class Actor(Part):
    """Everybody who had a part in it."""

    agent: Annotated[Agent | None, told("The agent that proposed it; null where people did.", "who connects")]
    approvers: Annotated[list[Approver], told("Those whose approvals count, each for one slot.", "who said yes")]
    author: Annotated[Person, told("Who opened the merge or pull request.", "who connects")]
    sponsor: Annotated[Person | None, told("The person who asked the agent for it; may not approve it.", "who connects")]


class Claims(Part):
    """What the agent claims, with tokens for values. Nothing of it is believed."""

    emergency: Annotated[str | None, told("Why a freeze should be lifted; null where it should not.")]
    environment: Annotated[str | None, told("Where the agent says that it goes; the policy decides by paths.")]
    rollback: Annotated[str | None, told("How the agent would go back.")]
    skill: Annotated[str | None, told("The skill that the agent says it works by.")]
    tests_unverified: Annotated[Count, told("How many tests the agent says that it ran; nobody saw them.")]


class Rationale(Part):
    """The agent's own words, with tokens for values, cut. Nothing of it is believed."""

    characters: Annotated[Count, told("Length before the text was cut.")]
    digest: Annotated[Hash, told("Over all of it as it is hidden, before it was cut.")]
    text: Annotated[str, told("The beginning.")]


class Tokens(Part):
    """What was replaced by tokens in this record's texts."""

    classes: Annotated[list[str], told("The classes of values that were looked for.", "what data crosses")]
    counts: Annotated[dict[str, Count], told("How many tokens of each class stand in the texts.", "what data crosses")]
    epoch: Annotated[int, Field(ge=1), told("The epoch of the key for tokens.")]
    ruleset: Annotated[Hash, told("The rules by which values were found.")]

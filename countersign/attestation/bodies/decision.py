"""What the policy said, and the plan that it said it of."""

from typing import Annotated, Literal

from pydantic import Field

from countersign.attestation.bodies.part import Count, Hash, Moment, Part, told
from countersign.domain.decision import NetworkTier

Effect = Literal["autonomous", "approve", "notify", "frozen", "refused"]


class Scope(Part):
    """One credential, narrowed; without the secret, which is never recorded."""

    name: Annotated[str, told("Its key in the policy.", "what they can reach")]
    parameters: Annotated[dict[str, str], told("Role, target and so on, in the provider's words.", "what they can reach")]
    provider: Annotated[str, told("Who mints it.", "what they can reach")]
    ttl: Annotated[int, Field(ge=1), told("Its longest life, in seconds.", "what they can reach")]


class Limits(Part):
    """What a run may use."""

    memory: Annotated[Count, told("Bytes.")]
    output: Annotated[Count, told("Bytes of each output that are kept.")]
    pids: Annotated[Count, told("Processes.")]
    timeout: Annotated[Count, told("Seconds.")]


class Plan(Part):
    """Exactly what runs, and what is approved: another plan needs another approval."""

    action: Annotated[str, told("The action's name in the policy.", "what they did")]
    allow: Annotated[list[str], told("Every `host:port` that the run may reach; nothing else can be.", "how traffic gets there")]
    argv: Annotated[list[str], told("The command.", "what they did")]
    environment: Annotated[str | None, told("Where it goes; null where the action needs none.", "what they can reach")]
    image: Annotated[str, told("The container image, by digest.", "what they did")]
    inputs: Annotated[
        list[Annotated[list[str], Field(min_length=2, max_length=2)]],
        told("Path and blob of each file that the run is given.", "what data crosses"),
    ]
    limits: Annotated[Limits, told("What it may use.")]
    network: Annotated[str, told("The network that the sandbox is put into.", "how traffic gets there")]
    network_tier: Annotated[
        NetworkTier, Field(strict=False), told("By what kind of way traffic gets to the target.", "how traffic gets there")
    ]
    plan_argv: Annotated[list[str] | None, told("The command of the phase before it.")]
    plan_scopes: Annotated[list[Scope], told("The credentials of that phase.")]
    region: Annotated[str | None, told("Where the target lies.", "what they can reach")]
    rollback: Annotated[list[str] | Literal["revert"] | None, told("The way back: a command, or a commit that reverts.")]
    rollback_scopes: Annotated[list[Scope], told("The credentials of the way back.")]
    sandbox: Annotated[str, told("The sandbox profile.")]
    scopes: Annotated[list[Scope], told("The credentials of the run.", "what they can reach")]
    services: Annotated[list[str], told("What it belongs to.", "what they can reach")]


class Reason(Part):
    """One thing that bore on the decision."""

    decides: Annotated[bool, told("Whether it reached the final answer.")]
    effect: Annotated[Effect | None, told("What it asks for.")]
    path: Annotated[str | None, told("The path that it is about.")]
    place: Annotated[str | None, told("Where the rule stands: file, line and column.")]
    rule: Annotated[str, told("The rule's name; `always: …` is in the code.", "who said yes")]
    text: Annotated[str, told("In a sentence.")]
    tier: Annotated[str | None, told("The tier that it asks for.")]
    to_pass: Annotated[str | None, told("The smallest change that would make it go away.")]


class Need(Part):
    """People who are asked."""

    count: Annotated[Count, told("How many.", "who said yes")]
    emergency: Annotated[bool, told("Whether the lifting of a freeze asks for them, and not the tier.")]
    filled_by: Annotated[list[str], told("Usernames of those who fill it.", "who said yes")]
    team: Annotated[str, told("Of which team.", "who said yes")]


class Discounted(Part):
    """An approval that does not count."""

    person: Annotated[str, told("The username.")]
    why: Annotated[str, told("Why it does not.")]


class Lifted(Part):
    """What an emergency did."""

    ends: Annotated[Moment, told("When its people's word ends.")]
    review_by: Annotated[Moment, told("When the review is due.")]


class Promotion(Part):
    """A combination that goes a tier milder."""

    combination: Annotated[dict[str, str], told("What is counted together: skill, action, service, environment, agent.")]
    in_force: Annotated[bool, told("Whether the record stood behind it.")]
    name: Annotated[Hash, told("The digest of step, combination and moment.")]
    since: Annotated[Moment, told("When people promoted it.")]
    step: Annotated[str, told("From which tier to which.")]


class Decision(Part):
    """The policy's answer, with every reason."""

    beside_digest: Annotated[Hash | None, told("Of the files that the policy takes a part of itself from.")]
    discounted: Annotated[list[Discounted], told("Approvals that do not count, and why.", "who said yes")]
    effect: Annotated[Effect, told("What may happen.", "who said yes")]
    emergency: Annotated[Lifted | None, told("What an emergency did, where one lifted a freeze.", "who said yes")]
    environment: Annotated[str | None, told("Where the change goes, by its paths.", "what they can reach")]
    expires: Annotated[int | None, told("How many seconds an approval of this tier lives.")]
    needs: Annotated[list[Need], told("Who is asked, and who has said yes.", "who said yes")]
    plan: Annotated[Plan | None, told("What would run; null where nothing would.", "what they did")]
    policy_digest: Annotated[Hash, told("The policy that was asked.", "who said yes")]
    promotions: Annotated[list[Promotion], told("Those that cover the change; left out where none does.")] = Field([])
    reasons: Annotated[list[Reason], told("Everything that bore on it.", "who said yes")]
    satisfied: Annotated[bool, told("Whether it may go ahead now.", "who said yes")]
    services: Annotated[list[str], told("What the change belongs to.")]
    tier: Annotated[str | None, told("The tier of risk.")]
    until: Annotated[Moment | None, told("When a freeze ends.")]


class Gist(Part):
    """The little of a decision that the end of its question repeats. What an older record does not say is null."""

    effect: Annotated[str | None, told("What might have happened.")]
    environment: Annotated[str | None, told("Where it would have gone.")]
    tier: Annotated[str | None, told("The tier of risk.")]


class Weighed(Gist):
    """The same, and which approvals counted, where that was judged again."""

    discounted: Annotated[list[Discounted], told("Approvals that do not count, and why.", "who said yes")] = Field([])
    judged: Annotated[
        Effect | None, told("What might have happened when it ended; left out where nobody could judge.", "who said yes")
    ] = None
    needs: Annotated[list[Need], told("Who was asked, and who has said yes.", "who said yes")] = Field([])
